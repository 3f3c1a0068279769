/** What is true of a project now, asked past the driver: Pulumi's files, the router, processes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { stackLocks } from "../../../automation/engine/lock.ts";
import { parseSettingsFile } from "../../../infra/config.ts";
import type { Color, PerColor, RouterReading, RouterRecord } from "../../../infra/model.ts";
import { colors, perColor } from "../../../infra/model.ts";
import { observe } from "../../../infra/observation.ts";
import type { Observed } from "../../../infra/observation.ts";
import { readLocal } from "../../../infra/platforms/local/read.ts";
import { backendFolder } from "../project/project.ts";
import type { Project } from "../project/project.ts";
import { partsOf } from "./processes.ts";
import type { PartProcess } from "./processes.ts";

export interface Truth extends Observed {
  /** Operations that the engine began and never ended, of all stacks. */
  readonly pending: readonly string[];
  readonly locks: readonly string[];
  /** By what they are; `loose` belong to no color that is recorded, or to no running command. */
  readonly processes: readonly PartProcess[];
}

interface Checkpoint {
  readonly checkpoint: {
    readonly latest?: {
      readonly resources?: readonly {
        readonly type: string;
        readonly outputs?: Readonly<Record<string, unknown>>;
      }[];
      readonly pending_operations?: readonly {
        readonly type: string;
        readonly resource: { readonly urn: string };
      }[];
    };
  };
}

const stackNames = ["dev", "dev-blue", "dev-green"] as const;

export async function truthOf(project: Project): Promise<Truth> {
  const stacks = stackNames.map((stack) => readStack(project, stack));
  const [router = null, blue = null, green = null] = stacks.map((stack) => stack?.outputs ?? null);
  process.env["XDG_STATE_HOME"] = project.env["XDG_STATE_HOME"];
  const settings = parseSettingsFile(project.settings(), project.settingsFile);
  const outputs = { router, colors: { blue, green } };
  const nowMs = Date.now();
  const platform = { read: readLocal };
  return {
    ...(await observe({ settings, platform, outputs, nowMs })),
    pending: stacks.flatMap((stack) => stack?.pending ?? []),
    locks: await locksOf(project),
    processes: partsOf(project),
  };
}

function readStack(project: Project, stack: string) {
  const stacks = join(backendFolder(project), ".pulumi", "stacks", "bluegreen");
  const file = join(stacks, `${stack}.json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { latest } = (JSON.parse(text) as Checkpoint).checkpoint;
  const root = latest?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  const pending = latest?.pending_operations ?? [];
  return {
    outputs: root?.outputs ?? {},
    pending: pending.map(
      ({ type, resource }) => `${type} ${resource.urn.split("::").at(-1) ?? ""}`,
    ),
  };
}

async function locksOf(project: Project): Promise<readonly string[]> {
  const address = { url: `file://${backendFolder(project)}`, project: "bluegreen" };
  const all = stackNames.map((stack) => stackLocks({ ...address, stack }));
  return (await Promise.all(all)).flatMap((locks) => {
    if (locks === "unknown") throw new Error("the locks of a file backend can be read");
    return locks.map(({ file, state }) => `${state} ${file}`);
  });
}

const settleMs = 8_000;

/** Waits for processes to end and the like, then says everything that isn't as it should be. */
export async function expectSettled(project: Project, active: Color): Promise<Truth> {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const truth = await truthOf(project);
    const wrong = wrongsOf(truth, active);
    if (wrong.length === 0) return truth;
    if (Date.now() > deadline) expect(wrong).toEqual([]);
    await sleep(100);
  }
}

function wrongsOf(truth: Truth, active: Color): readonly string[] {
  const { record, stored, reading, drift, pending, locks } = truth;
  return [
    ...unless(record.activeColor === active, `${String(record.activeColor)} is active`),
    ...unless(drift.kind === "none", `drift: ${JSON.stringify(drift)}`),
    ...unless(stored.generation === reading.generation, `router at ${String(reading.generation)}`),
    ...unless(reading.weights?.[active] === 100, `traffic ${JSON.stringify(reading.weights)}`),
    ...healthWrongs(reading, active),
    ...recordWrongs(stored),
    ...attachedWrongs(truth),
    ...pending.map((each) => `pending operation: ${each}`),
    ...locks.map((each) => `lock: ${each}`),
    ...processWrongs(truth),
  ];
}

function healthWrongs({ targets }: RouterReading, active: Color): readonly string[] {
  const { ready, total } = targets[active];
  return unless(ready > 0 && ready === total, `${active} has ${ready} of ${total} ready`);
}

/** Nothing is under way, and nothing in the record contradicts anything else in it. */
function recordWrongs(record: RouterRecord): readonly string[] {
  const { activeColor, previousRelease, retiring, rollout, claim, rollbackUntil } = record;
  const open = rollout !== null && rollout.phase !== "hold";
  return [
    ...unless(!open, `rollout open: ${JSON.stringify(rollout)}`),
    ...unless(retiring === null, `${String(retiring)} is retiring`),
    ...unless(claim === null || claim.owner === null, `claim: ${JSON.stringify(claim)}`),
    ...unless(previousRelease?.color !== activeColor, "the former color is the active one"),
    ...unless(
      rollbackUntil === null || previousRelease !== null,
      "a window without a former color",
    ),
  ];
}

function attachedWrongs({ colors: held, reading }: Truth): readonly string[] {
  return colors.flatMap((color) => {
    const known = JSON.stringify(reading.attached[color]);
    const wanted = JSON.stringify(held[color]?.addresses ?? []);
    return unless(known === wanted, `${color} is attached as ${known}, holds ${wanted}`);
  });
}

function processWrongs({ processes, colors: held }: Truth): readonly string[] {
  const of = (part: PartProcess["part"]) => processes.filter((each) => each.part === part);
  const loose = ["driver", "engine", "provider", "other"] as const;
  const wanted = colors.reduce((sum, color) => sum + (held[color]?.size ?? 0), 0);
  const filled = colors.filter((color) => held[color] !== null).length;
  const counts: PerColor<unknown> = perColor((color) => held[color]?.size ?? "empty");
  const said = JSON.stringify(counts);
  return [
    ...loose.flatMap(of).map(({ part, pid, command }) => `left: ${part} ${pid} ${command}`),
    ...unless(of("router").length === 1, `${of("router").length} routers`),
    ...unless(
      of("supervisor").length === filled,
      `${of("supervisor").length} supervisors: ${said}`,
    ),
    ...unless(of("instance").length === wanted, `${of("instance").length} instances: ${said}`),
  ];
}

function unless(holds: boolean, wrong: string): readonly string[] {
  return holds ? [] : [wrong];
}
