/** Why a rollout can't begin or go on, as errors that say what to do. Pure. */

import { claimedBy, liveClaim } from "../../infra/rules/claim.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { ErrorCode } from "../../infra/errors.ts";
import type { Claim, Color, Rollout } from "../../infra/model.ts";
import { isByHand, isFilledByHand } from "../../infra/rules/by-hand.ts";
import { refusedByFreeze } from "../../infra/rules/freeze.ts";
import { otherColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { adviceOn, bringBack } from "../../infra/rules/router-advice.ts";
import { pinOf } from "../../infra/rules/record.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import type { Deploy, SwitchTo } from "./goal.ts";
import { refuseSchema } from "./migration.ts";
import { deadOwner } from "./ownership.ts";
import { toReplace } from "./replacement.ts";
import type { Situation } from "./situation.ts";

/** Why no rollout may begin; null when it may. */
export function refuseStart(situation: Situation<Deploy | SwitchTo>): BlueGreenError | null {
  const { view, goal } = situation;
  const drifted = refuseDrift(view);
  if (drifted) return drifted;
  const { record } = view;
  const live = liveClaim(record, view.nowMs);
  const filled = goal.kind === "SwitchTo" && isFilledByHand(record, view.colors[goal.color]);
  if (live && !deadOwner(situation) && !filled && toReplace(situation) === null) {
    return standsInTheWay(situation, live);
  }
  if (view.frozen) return refusedByFreeze(view.frozen);
  const digest = goal.kind === "Deploy" ? goal.digest : null;
  const pin = digest === null ? null : pinOf(record.pins, digest, view.nowMs);
  if (!pin) return refuseSchema(situation);
  const sentence = `release ${pin.version} is pinned by ${pin.by}: ${pin.reason}`;
  return new BlueGreenError("RELEASE_PINNED", sentence, {
    hint: `deploy another release, or lift it with \`bluegreen unpin ${pin.version}\``,
  });
}

/** With the end that can be waited for, and what gives the rollout up; see `toReplace`. */
function standsInTheWay({ view, policy, goal }: Situation, live: Claim): BlueGreenError {
  const { rollout } = view.record;
  const { message, hint = "" } = claimedBy(live, rollout);
  if (rollout === null || goal.kind !== "Deploy" || isByHand(rollout.id)) {
    return new BlueGreenError("CLAIMED", message, { hint });
  }
  if (rollout.phase === "bake") {
    const endsMs = Date.parse(rollout.since) + (policy.bakeMs ?? 0);
    const ends = policy.bakeMs === undefined ? "" : ` and bakes until ${instant(endsMs)}`;
    const switched = `${message}; it has switched${ends}, so it isn't replaced`;
    return new BlueGreenError("CLAIMED", switched, { hint });
  }
  const replace = "; `bluegreen deploy --version VERSION --replace` takes its place";
  return new BlueGreenError("CLAIMED", message, { hint: `${hint}${replace}` });
}

/** What the data plane does must be known before anything begins. */
export function refuseDrift(view: Observed): BlueGreenError | null {
  const { drift } = view;
  if (drift.kind === "silent" || view.reading.weights === null) {
    const sentence = drift.kind === "silent" ? drift.sentence : "the router doesn't answer";
    const details = view.reading.problems.filter((problem) => problem !== sentence);
    const code = view.reading.isOutOfReach === true ? "HOST_UNREACHABLE" : "ROUTER_DOWN";
    return new BlueGreenError(code, sentence, {
      hint: adviceOn(view.reading, sentence) ?? bringBack,
      details,
    });
  }
  if (drift.kind === "foreign") {
    return new BlueGreenError("DRIFT", drift.sentence, {
      hint: "`bluegreen doctor` explains; `bluegreen up` takes over what the router really does",
    });
  }
  return null;
}

/** A release that failed after its switch is pinned; one that couldn't be proven isn't to blame. */
export interface RolledBackFor {
  /** The release is pinned; default true. */
  readonly pinned?: boolean;
  /** Why the rollout went back, where that isn't what its release did. */
  readonly cause?: BlueGreenError | undefined;
}

export function rolledBack(
  reason: string,
  to: Color,
  { pinned = true, cause }: RolledBackFor = {},
): BlueGreenError {
  const back = `traffic is back on ${to}`;
  if (cause?.code === "METRIC_SILENT") {
    const { code, hint, details } = cause;
    const advice = hint === undefined ? back : `${back}; ${hint}`;
    return new BlueGreenError(code, reason, { hint: advice, details, cause });
  }
  const pin = pinned ? "the release is pinned, " : "";
  const hint = `${back}; ${pin}look at \`bluegreen logs ${otherColor(to)}\``;
  return new BlueGreenError("ROLLED_BACK", reason, { hint });
}

/** By which rollout, where one stands in its place, though that has come to its own end since. */
export function endedByOthers({ view, memory }: Situation): Action {
  const { rollout } = view.record;
  const own = String(memory.rolloutId);
  const end = rollout
    ? `rollout ${rollout.id} of ${rollout.version} has taken the place of ${own}`
    : `rollout ${own} was ended by somebody else`;
  const error = new BlueGreenError("CLAIMED", `${end}; ${activeWord(view)} is active`, {
    hint: "see `bluegreen status` and `bluegreen history`",
    details: wentWrongBefore(memory),
  });
  return { kind: "Fail", error };
}

/** What its checks have met may have been another's color already, so that says nothing. */
function wentWrongBefore({ baked, failure }: Situation["memory"]): readonly string[] {
  const verdict = baked?.verdict === "fail" ? [`the bake says fail: ${baked.sentence}`] : [];
  if (!failure) return verdict;
  const { code, message, details } = failure.error;
  const known = code === "CLAIMED" || code === "CHECK_FAILED";
  return [...verdict, ...(known ? [] : [`${code}: ${message}`]), ...details];
}

export function notPassed(color: Color, verdict: string): BlueGreenError {
  return new BlueGreenError("CHECK_FAILED", `the checks on ${color} say ${verdict}`, {
    hint: `look at \`bluegreen check ${color}\` and \`bluegreen logs ${color}\``,
  });
}

/** Why a release that serves wasn't judged good; null where it was, or no bake was asked for. */
export function unconvinced({ baked, color, former }: Rollout): BlueGreenError | null {
  if (baked === null || baked.verdict === "pass") return null;
  if (baked.verdict === "fail" && former === null) {
    return new BlueGreenError("FIRST_RELEASE_FAILING", baked.sentence, {
      hint: "there is no former color: deploy a fixed release, or stop with `bluegreen down --stop-serving`",
    });
  }
  return new BlueGreenError("BAKE_INCONCLUSIVE", baked.sentence, {
    hint: `${color} serves and is held; look closer before \`bluegreen retire\``,
  });
}

export function fail(code: ErrorCode, message: string, hint: string): Action {
  return { kind: "Fail", error: new BlueGreenError(code, message, { hint }) };
}

export function activeWord({ record }: Observed): string {
  return record.activeColor ?? "no color";
}
