/** A rollback that waited for its lock while another moved traffic says where traffic really is. */

import { expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import type { Environment, Ports } from "../../../automation/ports.ts";
import { reconcile } from "../../../automation/reconcile.ts";
import { systemClock } from "../../../infra/clock.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import type { Given } from "../rules/views.ts";
import { alice, claimOf, outputsOf, rolloutOf, viewOf } from "../rules/views.ts";

/** Green had the traffic until a moment ago; blue has it, with the former release in green. */
const switched = {
  activeColor: "blue",
  generation: 4,
  previousRelease: { color: "green", release: outputsOf("green", "1").release },
  claim: claimOf({ color: "blue" }),
  rollout: rolloutOf("bake", { color: "blue", former: "green" }),
} as const;
const switching = {
  ...switched,
  activeColor: "green",
  generation: 3,
  previousRelease: null,
  rollout: rolloutOf("check", { color: "blue", former: "green" }),
} as const;

/** Between the first look and the first update another run moves the traffic. */
function racedEnvironment(first: Given, meanwhile: Given): Environment {
  let given = first;
  return {
    observe: () => Promise.resolve(viewOf(given)),
    read: () => Promise.resolve(viewOf(given).reading),
    updateRouter: (request) => {
      const file = { declared: { activeColor: null, generation: null }, name: "file" };
      given = { record: applyRequest(viewOf(meanwhile), request, file).record };
      return Promise.resolve();
    },
    updateColor: () => Promise.reject(new Error("not asked for")),
    emptyColor: () => Promise.reject(new Error("not asked for")),
  };
}

test("names the color that the rollback's own update has set", async () => {
  const events: Event[] = [];
  const ports: Partial<Ports> = {
    environment: racedEnvironment({ record: switching }, { record: switched }),
    clock: systemClock,
    on: (event) => events.push(event),
    interrupted: () => false,
    boundary: () => undefined,
  };
  const sentence = await reconcile({
    goal: { kind: "RollBackNow", reason: "orders fail", pin: false, grow: true },
    policy: {
      claimMs: 1_000,
      rollbackWindowMs: 1_000,
      quietMs: 1_000,
      size: 2,
      gate: "automatic",
      gateMs: 1_000,
      hooks: [],
      steps: [],
    },
    self: { owner: alice, rolloutId: "r-9", isDead: () => false },
    ports: ports as Ports,
  });
  expect(sentence).toBe("green is active again");
  expect(events).toContainEqual({
    ...{ kind: "RolledBack", to: "green", reason: "orders fail" },
    rollout: expect.objectContaining({ color: "blue", former: "green" }) as unknown,
  });
});
