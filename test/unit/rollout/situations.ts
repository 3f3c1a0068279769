/** Situations to decide in: a made-up environment, what a run remembers, and its next action. */

import type { BlueGreenError } from "../../../infra/errors.ts";
import type { Action } from "../../../automation/rollout/action.ts";
import { decide } from "../../../automation/rollout/decide.ts";
import type { Deploy, Goal, Policy } from "../../../automation/rollout/goal.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { noMemory } from "../../../automation/rollout/memory.ts";
import type { Situation } from "../../../automation/rollout/situation.ts";
import type { Given } from "../rules/views.ts";
import { alice, bob, claimOf, outputsOf, rolloutOf, viewOf } from "../rules/views.ts";

const policy: Policy = {
  claimMs: 1_800_000,
  rollbackWindowMs: 600_000,
  quietMs: 10_000,
  size: 3,
  gate: "automatic",
  gateMs: 86_400_000,
  hooks: [],
  steps: [],
};

interface Circumstances {
  readonly memory?: Partial<Memory>;
  readonly goal?: Goal;
  /** Bob's process is known to be gone. */
  readonly bobIsDead?: boolean;
  readonly policy?: Partial<Policy>;
}

export const deployTwo: Deploy = { kind: "Deploy", version: "2", digest: "sha-2" };
export const finish: Deploy = { kind: "Deploy", version: null, digest: null };

export function situationOf(
  given: Given,
  { memory, goal = deployTwo, bobIsDead, policy: change }: Circumstances = {},
): Situation {
  return {
    goal,
    policy: { ...policy, ...change },
    self: {
      owner: alice,
      rolloutId: "r-9",
      isDead: ({ pid }) => bobIsDead === true && pid === bob.pid,
    },
    view: viewOf(given),
    memory: { ...noMemory, ...memory },
  };
}

export function next(given: Given, circumstances: Circumstances = {}): Action {
  return decide(situationOf(given, circumstances));
}

/** The action in one word: the request, or the code of the failure. */
export function wordOf(action: Action): string {
  if (action.kind === "Update") return action.request.kind;
  return action.kind === "Fail" ? action.error.code : action.kind;
}

export const before: Given = { colors: { green: outputsOf("green", "1", { rolloutId: "r-1" }) } };
export const own = { claim: claimOf(), memory: { rolloutId: "r-2" } };

export function inRollout(phase: Parameters<typeof rolloutOf>[0], more: Given = {}): Given {
  const active = phase === "bake" || phase === "hold" ? "green" : "blue";
  const rollout = rolloutOf(phase);
  return {
    ...more,
    record: { activeColor: active, claim: own.claim, rollout, ...more.record },
  };
}

export const mine = { memory: own.memory };

/** What a run knows that has failed so. */
export function failedWith(error: BlueGreenError): Pick<Memory, "failure"> {
  return { failure: { error, blamed: null } };
}
