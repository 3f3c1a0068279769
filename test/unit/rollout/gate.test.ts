/** The gate between the checks and the switch: who may take a rollout through it, and until when. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { Deploy } from "../../../automation/rollout/goal.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import type { Request } from "../../../infra/rules/request.ts";
import type { Given } from "../rules/views.ts";
import { claimOf, inMinutes, rolloutOf, viewOf } from "../rules/views.ts";
import { deployTwo, finish, inRollout, mine, next, own, wordOf } from "./situations.ts";

const approve: Deploy = { ...finish, permit: { reason: "tested" } };
const gated = { gate: "manual" } as const;
const passed: Partial<Memory> = { ...mine.memory, checked: { digest: "sha-2", verdict: "pass" } };

/** Nobody works on it. */
function atGate(gateUntil = inMinutes(60), owner = claimOf({ owner: null }).owner): Given {
  const rollout = rolloutOf("gate", { gateUntil });
  return { record: { claim: claimOf({ owner, until: gateUntil }), rollout } };
}

function apply(given: Given, request: Request) {
  const file = { declared: { activeColor: null, generation: null }, name: "Pulumi.dev.yaml" };
  return applyRequest(viewOf(given), request, file).record;
}

describe("a deployment whose gate is a person's", () => {
  test("waits after its checks, for as long as the settings say", () => {
    const action = next(inRollout("check"), { memory: passed, policy: gated });
    expect(action).toMatchObject({
      request: { kind: "Wait", rolloutId: "r-2", digest: "sha-2", until: inMinutes(24 * 60) },
    });
    expect(describeAction(action)).toBe("wait for permission (r-2)");
  });

  test("ends its run there", () => {
    expect(wordOf(next(atGate(), { ...mine, policy: gated }))).toBe("GATE_WAITING");
    expect(wordOf(next(atGate(), { goal: deployTwo, policy: gated }))).toBe("GATE_WAITING");
    expect(wordOf(next(atGate(), { goal: finish, policy: gated }))).toBe("GATE_WAITING");
  });

  test("is given up once its time is over", () => {
    const late = atGate(inMinutes(0));
    expect(next(late, { goal: deployTwo, policy: gated })).toMatchObject({
      request: { kind: "Abort", rolloutId: "r-2", reason: "nobody permitted it in time" },
    });
  });
});

describe("a person's word", () => {
  test("takes the waiting rollout over, checks it once more, and switches with it", () => {
    const asked = { goal: approve, policy: gated };
    expect(wordOf(next(atGate(), asked))).toBe("Claim");
    const held: Given = { record: { ...atGate().record, claim: own.claim } };
    expect(next(held, { ...asked, ...mine })).toMatchObject({ kind: "Check", color: "green" });
    const action = next(held, { ...asked, memory: passed });
    expect(action).toMatchObject({
      request: { kind: "Switch", permission: { by: "alice on ci-1", reason: "tested" } },
    });
    expect(describeAction(action)).toBe("switch (r-2), permitted by alice on ci-1: tested");
  });

  test("is for a rollout that waits, and for no other", () => {
    for (const given of [{}, inRollout("check"), inRollout("provision"), inRollout("bake")]) {
      expect(wordOf(next(given, { goal: approve, policy: gated }))).toBe("USAGE");
    }
  });

  test("in a freeze leaves the rollout at its gate", () => {
    const until = "2026-12-24T00:00:00Z";
    const frozen = { reason: "big sale", until, untilThere: "2026-12-24 01:00" };
    const asked = { goal: approve, policy: gated };
    const action = next({ ...atGate(), frozen }, asked);
    expect(wordOf(action)).toBe("FROZEN");
    expect(action).toMatchObject({
      error: { message: expect.stringMatching(/big sale; r-2 waits on at its gate$/) as string },
    });
    expect(wordOf(next({ ...atGate(inMinutes(-1)), frozen }, asked))).toBe("Abort");
  });

  test("comes too late after the gate's time", () => {
    expect(wordOf(next(atGate(inMinutes(-1)), { goal: approve, policy: gated }))).toBe("Abort");
  });
});

describe("the record of a gate", () => {
  const wait = { kind: "Wait", rolloutId: "r-2", digest: "sha-2", until: inMinutes(5) } as const;
  const asked = {
    kind: "Switch",
    rolloutId: "r-2",
    digest: "sha-2",
    start: null,
    holdUntil: null,
  } as const;

  test("is nobody's claim until the gate's time", () => {
    expect(apply(inRollout("check"), wait)).toMatchObject({
      claim: { color: "green", owner: null, until: inMinutes(5) },
      rollout: { phase: "gate", gateUntil: inMinutes(5) },
    });
  });

  test("lets nothing through without a person's word, and keeps that word", () => {
    expect(() => apply(atGate(), asked)).toThrow(/passed its checks, and waits for permission/);
    const permission = { by: "alice", at: inMinutes(0), reason: "tested" };
    expect(apply(atGate(), { ...asked, permission })).toMatchObject({
      activeColor: "green",
      rollout: { phase: "bake", permission },
    });
  });

  test("begins after the checks only", () => {
    expect(() => apply(inRollout("bake"), wait)).toThrow(/in its bake, which no gate follows/);
  });
});
