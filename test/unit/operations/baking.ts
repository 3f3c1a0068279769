/** A switch to green that is baked, on a virtual clock, with a router that a test turns. */

import { RouterBake } from "../../../automation/operations/bake.ts";
import type { BakeOptions } from "../../../automation/operations/bake.ts";
import type { Event } from "../../../automation/event.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import type { ColorTraffic, RouterReading, TargetReading } from "../../../infra/model.ts";
import { emptyRecord, weightsOf } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";
import { VirtualClock } from "../checks/virtual-clock.ts";

export function settingsWith(more: Readonly<Record<string, string>>): Settings {
  return parseSettings({
    environment: "dev",
    application: "shop",
    local: JSON.stringify({ command: ["node", "server.ts"] }),
    bake: JSON.stringify({ duration: "30s", interval: "2s" }),
    ...more,
  });
}

export const healthy: TargetReading = {
  ready: 2,
  total: 2,
  problems: [],
  crashLoop: false,
  reachable: true,
};

export function counted(requests: number, errors: number): ColorTraffic {
  return { requests, errors, open: 0, lastRequestAt: null };
}

export interface World {
  green: ColorTraffic;
  blue: ColorTraffic;
  target: TargetReading;
  active: "blue" | "green";
  counts: boolean;
  /** Default true; false: the router doesn't answer. */
  answers?: boolean;
  /** Default false; true: its host can't be reached. */
  isOutOfReach?: boolean;
  /** Whether requests to the public address are answered; default false. */
  serves?: boolean;
}

export function reading(world: World): RouterReading {
  const answers = world.answers !== false && world.isOutOfReach !== true;
  return {
    weights: answers ? weightsOf(world.active) : null,
    ...(world.isOutOfReach === true && { isOutOfReach: true }),
    generation: 2,
    rolloutId: "r-1",
    mark: null,
    former: null,
    attached: { blue: [], green: [] },
    targets: { blue: healthy, green: world.target },
    traffic:
      world.counts && answers
        ? { kind: "counted", colors: { blue: world.blue, green: world.green } }
        : { kind: "unknown" },
    settlesInMs: 0,
    problems: answers ? [] : [world.isOutOfReach === true ? "no way to edge" : "nobody listens"],
  };
}

/** A switch to green at 0 ms, with what the routers counted until then as the baseline. */
export function baking(
  change: Partial<World> = {},
  options: Partial<Omit<BakeOptions, "formerFails">> & {
    formerFails?: boolean | BakeOptions["formerFails"];
  } = {},
) {
  const world: World = {
    green: counted(100, 3),
    blue: counted(5_000, 5),
    target: healthy,
    active: "green",
    counts: true,
    ...change,
  };
  const { formerFails = false } = options;
  const clock = new VirtualClock();
  const events: Event[] = [];
  const control = { interrupted: false };
  const bake = new RouterBake({
    settings: settingsWith({}),
    clock,
    read: () => Promise.resolve(reading(world)),
    on: (event) => events.push(event),
    interrupted: () => control.interrupted,
    answers: () => Promise.resolve(world.serves === true),
    ...options,
    formerFails:
      typeof formerFails === "boolean" ? () => Promise.resolve(formerFails) : formerFails,
  });
  const baseline = { blue: { requests: 5_000, errors: 5 }, green: { requests: 100, errors: 3 } };
  const view: Observed = {
    environment: "dev",
    stored: emptyRecord,
    record: {
      ...emptyRecord,
      rollout: {
        id: "r-1",
        kind: "deploy",
        phase: "bake",
        since: new Date(0).toISOString(),
        color: "green",
        former: "blue",
        version: "2",
        digest: "sha256:2",
        baseline,
        hooksDone: [],
        baked: null,
      },
    },
    drift: { kind: "none" },
    reading: reading(world),
    colors: { blue: null, green: null },
    nowMs: 0,
    rollbackWindowMs: 0,
    frozen: null,
  };
  return { world, clock, events, control, bake, view };
}
