/** decide(observation, goal, policy) -> action: pure and total, the heart of every command. */

import { claimedBy, liveClaim, sameOwner } from "../../infra/claim.ts";
import type { BlueGreenError } from "../../infra/errors.ts";
import { BlueGreenError as Refusal } from "../../infra/errors.ts";
import type { Color, Rollout } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { pinOf } from "../../infra/record.ts";
import type { ClaimColor } from "../../infra/request.ts";
import { instant } from "../../infra/view.ts";
import type { Action } from "./action.ts";
import type { Deploy, Goal, Policy, RollBackNow, Self, SwitchTo } from "./goal.ts";
import type { Memory } from "./memory.ts";
import { decideRetirement } from "./retirement.ts";

/** Everything that a decision may look at. */
export interface Situation<G extends Goal = Goal> {
  readonly goal: G;
  readonly policy: Policy;
  readonly self: Self;
  readonly view: Observed;
  readonly memory: Memory;
}

export function decide(situation: Situation): Action {
  const { goal } = situation;
  switch (goal.kind) {
    case "Deploy":
      return decideDeploy({ ...situation, goal });
    case "SwitchTo":
      return decideSwitch({ ...situation, goal });
    case "RollBackNow":
      return decideRollback({ ...situation, goal });
    case "RetireIdle":
      return decideRetirement({ ...situation, goal });
  }
}

function decideDeploy(situation: Situation<Deploy>): Action {
  const { view, memory, goal } = situation;
  if (needsRouter(situation)) return { kind: "Update", request: { kind: "Keep" } };
  const rollout = openRollout(situation);
  if (memory.failure) return failed(situation, rollout, memory.failure);
  if (rollout) return advance(situation, rollout);
  if (memory.rolloutId !== null) return endedByOthers(situation);
  const already = alreadyServed(situation);
  if (already) return already;
  const refusal = refuseStart(situation);
  if (refusal) return { kind: "Fail", error: refusal };
  if (goal.version === null)
    return fail("USAGE", "no rollout is open", "name a release: --version");
  const color = idle(view);
  if (view.record.retiring === color) return finishRetiring(view, color);
  return { kind: "Update", request: claimFor(situation, "deploy", color, goal.version) };
}

/** The router's stack comes first; inactive, it answers 503 until a color is active. */
function needsRouter({ view, memory }: Situation): boolean {
  return view.reading.weights === null && view.record.activeColor === null && !memory.kept;
}

function decideSwitch(situation: Situation<SwitchTo>): Action {
  const { view, memory, goal } = situation;
  const rollout = openRollout(situation);
  if (memory.failure) return failed(situation, rollout, memory.failure);
  if (rollout) return advance(situation, rollout);
  if (memory.rolloutId !== null && !memory.done) return endedByOthers(situation);
  if (view.record.activeColor === goal.color) {
    return { kind: "Finish", sentence: `${goal.color} is active` };
  }
  const refusal = refuseStart(situation);
  if (refusal) return { kind: "Fail", error: refusal };
  const outputs = view.colors[goal.color];
  if (!outputs) {
    return fail(
      "COLOR_EMPTY",
      `${goal.color} holds no release`,
      "fill it with `bluegreen deploy --version VERSION`",
    );
  }
  const { digest, version } = outputs.release;
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) return { kind: "Check", color: goal.color };
  if (verdict !== "pass") return { kind: "Fail", error: notPassed(goal.color, verdict) };
  const start = claimFor(situation, "switch", goal.color, version);
  const until = goal.bake ? null : windowEnd(situation);
  return {
    kind: "Update",
    request: { kind: "Switch", rolloutId: start.rolloutId, digest, start, holdUntil: until },
  };
}

function decideRollback(situation: Situation<RollBackNow>): Action {
  const { memory, goal, self } = situation;
  if (memory.failure) return { kind: "Fail", error: memory.failure };
  if (memory.done) {
    return { kind: "Finish", sentence: `${activeWord(situation.view)} is active again` };
  }
  const { user, host } = self.owner;
  const by = `${user} on ${host}`;
  return {
    kind: "Update",
    request: { kind: "RollBack", reason: goal.reason, by, pin: goal.pin },
  };
}

/** The next step of the rollout that is open. */
function advance(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const owner = takeOwnership(situation, rollout);
  if (owner) return owner;
  switch (rollout.phase) {
    case "provision":
      return fill(situation, rollout);
    case "check":
    case "gate":
    case "shift":
      return check(situation, rollout);
    case "bake":
      return bake(situation, rollout);
    case "hold":
      return heldOutcome(situation, rollout);
  }
}

function fill({ view, policy }: Situation, rollout: Rollout): Action {
  const outputs = view.colors[rollout.color];
  if (outputs?.rolloutId === rollout.id) {
    const { digest } = outputs.release;
    return { kind: "Update", request: { kind: "Attach", rolloutId: rollout.id, digest } };
  }
  const active = view.record.activeColor && view.colors[view.record.activeColor];
  const size = Math.max(policy.size, active ? active.size : 0);
  const { color, version, id } = rollout;
  return { kind: "Provision", color, version, rolloutId: id, size };
}

function check({ view, memory }: Situation, rollout: Rollout): Action {
  const digest = rollout.digest ?? view.colors[rollout.color]?.release.digest ?? "";
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) return { kind: "Check", color: rollout.color };
  return {
    kind: "Update",
    request: { kind: "Switch", rolloutId: rollout.id, digest, start: null, holdUntil: null },
  };
}

function bake(situation: Situation, rollout: Rollout): Action {
  const { memory, self } = situation;
  if (!memory.baked) {
    return { kind: "Judge", color: rollout.color, sinceMs: Date.parse(rollout.since) };
  }
  const { verdict, sentence } = memory.baked;
  const { user, host } = self.owner;
  if (verdict === "fail" && rollout.former) {
    const by = `${user} on ${host}`;
    return { kind: "Update", request: { kind: "RollBack", reason: sentence, by, pin: true } };
  }
  const rollbackUntil = windowEnd(situation);
  return { kind: "Update", request: { kind: "Hold", rolloutId: rollout.id, rollbackUntil } };
}

function heldOutcome({ memory, view }: Situation, rollout: Rollout): Action {
  const { baked } = memory;
  if (baked?.verdict === "fail") {
    return fail(
      "FIRST_RELEASE_FAILING",
      baked.sentence,
      "there is no former color: deploy a fixed release, or stop with `bluegreen down --stop-serving`",
    );
  }
  if (baked && baked.verdict !== "pass") {
    const hint = `${rollout.color} serves and is held; look closer before \`bluegreen retire\``;
    return fail("BAKE_INCONCLUSIVE", baked.sentence, hint);
  }
  const until = view.record.rollbackUntil;
  const window = until ? `, rollback possible until ${until}` : "";
  return { kind: "Finish", sentence: `${rollout.color} serves ${rollout.version}${window}` };
}

/** Cleans up after a failure: before the switch the claim goes, after it traffic went back. */
function failed(situation: Situation, rollout: Rollout | null, error: BlueGreenError): Action {
  const mine = rollout && rollout.id === situation.memory.rolloutId;
  const untouched = mine && situation.view.record.weights[rollout.color] === 0;
  if (!untouched) return { kind: "Fail", error };
  return {
    kind: "Update",
    request: { kind: "Abort", reason: error.message, rolloutId: rollout.id },
  };
}

/** The rollout that this goal continues; a finished one counts only for the run that made it. */
function openRollout({ goal, view, memory }: Situation<Deploy | SwitchTo>): Rollout | null {
  const { rollout } = view.record;
  if (!rollout) return null;
  if (rollout.id === memory.rolloutId) return rollout;
  if (rollout.phase === "hold") return null;
  if (goal.kind === "SwitchTo") {
    return rollout.kind === "switch" && rollout.color === goal.color ? rollout : null;
  }
  return goal.version === null || rollout.version === goal.version ? rollout : null;
}

/** An update that makes this run the owner; null when it is already. */
function takeOwnership(situation: Situation, rollout: Rollout): Action | null {
  const { view, self, policy, memory } = situation;
  const { claim } = view.record;
  if (rollout.phase === "hold") return null;
  if (memory.rolloutId === rollout.id && claim && sameOwner(claim.owner, self.owner)) return null;
  const live = liveClaim(view.record, view.nowMs);
  const replaces = live?.owner ?? null;
  if (replaces && !sameOwner(replaces, self.owner) && !self.isDead(replaces)) {
    return live ? { kind: "Fail", error: claimedBy(live) } : null;
  }
  return {
    kind: "Update",
    request: {
      kind: "Claim",
      rolloutId: rollout.id,
      rollout: rollout.kind,
      color: rollout.color,
      version: rollout.version,
      owner: self.owner,
      until: instant(view.nowMs + policy.claimMs),
      replaces,
    },
  };
}

function claimFor(
  { self, view, policy }: Situation,
  rollout: ClaimColor["rollout"],
  color: Color,
  version: string,
): ClaimColor {
  return {
    kind: "Claim",
    rolloutId: self.rolloutId,
    rollout,
    color,
    version,
    owner: self.owner,
    until: instant(view.nowMs + policy.claimMs),
    replaces: null,
  };
}

/** Why no rollout may begin; null when it may. */
function refuseStart({ view, goal }: Situation<Deploy | SwitchTo>): BlueGreenError | null {
  const { record, drift } = view;
  if (drift.kind === "silent" || view.reading.weights === null) {
    const details = view.reading.problems;
    const sentence = drift.kind === "silent" ? drift.sentence : "the router doesn't answer";
    return new Refusal("ROUTER_DOWN", sentence, { hint: "bring it back: `bluegreen up`", details });
  }
  if (drift.kind === "foreign") {
    return new Refusal("DRIFT", drift.sentence, {
      hint: "`bluegreen doctor` explains; `bluegreen up` takes over what the router really does",
    });
  }
  const live = liveClaim(record, view.nowMs);
  if (live) return claimedBy(live);
  const digest = goal.kind === "Deploy" ? goal.digest : null;
  const pin = digest === null ? null : pinOf(record.pins, digest, view.nowMs);
  if (!pin) return null;
  return new Refusal(
    "RELEASE_PINNED",
    `release ${pin.version} is pinned by ${pin.by}: ${pin.reason}`,
    {
      hint: `deploy another release, or lift it with \`bluegreen unpin ${pin.version}\``,
    },
  );
}

function alreadyServed({ view, goal }: Situation<Deploy>): Action | null {
  const { activeColor } = view.record;
  const serving = activeColor && view.colors[activeColor];
  if (!serving || serving.release.digest !== goal.digest) return null;
  return { kind: "Finish", sentence: `${activeWord(view)} serves this release already` };
}

function endedByOthers({ view, memory }: Situation): Action {
  const now = `${activeWord(view)} is active`;
  return fail(
    "CLAIMED",
    `rollout ${String(memory.rolloutId)} was ended by somebody else; ${now}`,
    "see `bluegreen status` and `bluegreen history`",
  );
}

function finishRetiring(view: Observed, color: Color): Action {
  return view.colors[color]
    ? { kind: "Empty", color }
    : { kind: "Update", request: { kind: "Retired", color } };
}

function checkedVerdict(memory: Memory, digest: string) {
  return memory.checked?.digest === digest ? memory.checked.verdict : null;
}

function notPassed(color: Color, verdict: string): BlueGreenError {
  return new Refusal("CHECK_FAILED", `the checks on ${color} say ${verdict}`, {
    hint: `look at \`bluegreen check ${color}\` and \`bluegreen logs ${color}\``,
  });
}

function windowEnd({ view, policy }: Situation): string {
  return instant(view.nowMs + policy.rollbackWindowMs);
}

function idle({ record }: Observed): Color {
  return record.activeColor ? otherColor(record.activeColor) : "blue";
}

function activeWord({ record }: Observed): string {
  return record.activeColor ?? "no color";
}

function fail(
  code: ConstructorParameters<typeof Refusal>[0],
  message: string,
  hint: string,
): Action {
  return { kind: "Fail", error: new Refusal(code, message, { hint }) };
}
