/** Who may fill a color, and until when. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Claim, Color, ColorOutputs, Rollout, RouterRecord } from "../model.ts";
import { isByHand, isFilledByHand } from "./by-hand.ts";
import { describeOwner, sameOwner } from "./owner.ts";
import type { ClaimColor } from "./request.ts";
import { refuseServing, wayOut } from "./rollout.ts";
import { instant } from "./view.ts";
import type { View } from "./view.ts";
import { endsWith, refuseOpenWindow } from "./window.ts";

/** The claim that keeps others out now; null when there is none or it ran out. */
export function liveClaim(record: RouterRecord, nowMs: number): Claim | null {
  const { claim, rollout } = record;
  if (!claim || rollout === null) return null;
  if (rollout.phase === "hold") return null;
  return Date.parse(claim.until) > nowMs ? claim : null;
}

/** The hint names what ends that rollout in the phase that it is in. */
export function claimedBy(claim: Claim, rollout: Rollout | null): BlueGreenError {
  const way = rollout && wayOut(rollout);
  const wait = rollout ? waitFor(rollout) : "wait for it";
  return new BlueGreenError(
    "CLAIMED",
    `rollout ${claim.rolloutId} has claimed ${claim.color} until ${claim.until}${whichOf(rollout)}: ` +
      describeOwner(claim.owner),
    {
      hint: way
        ? `${wait}, or end it with \`${way}\``
        : "wait for it: a first release that serves has nothing to go back to",
    },
  );
}

/** `, for 2, in its check`; what a person has claimed has no release yet. */
function whichOf(rollout: Rollout | null): string {
  if (rollout === null || isByHand(rollout.id)) return "";
  return `, for ${rollout.version}, in its ${rollout.phase}`;
}

function waitFor({ id, phase, color }: Rollout): string {
  if (isByHand(id)) return `\`bluegreen switch ${color}\` goes on once it is filled`;
  return phase === "gate" ? "`bluegreen approve` lets it go on" : "wait for it";
}

/**
 * The record with the color reserved; the same rollout may take its own claim over. A person hears
 * of the rollback window that filling a color ends; for a rollout it is what was asked for.
 * @throws CLAIMED, ROLLOUT_OPEN, COLOR_SERVES, COLOR_RETIRING, COLOR_EMPTY, WINDOW_OPEN
 */
export function claimColor(view: View, asked: ClaimColor): RouterRecord {
  const { record: now } = view;
  const wanted: Claim = {
    color: asked.color,
    rolloutId: asked.rolloutId,
    until: asked.until,
    owner: asked.owner,
  };
  if (now.rollout?.id === asked.rolloutId) return takeOver(view, asked, wanted);
  const live = liveClaim(now, view.nowMs);
  const dead = live?.owner && sameOwner(live.owner, asked.replaces);
  const handedOver = asked.rollout === "switch" && isFilledByHand(now, view.colors[asked.color]);
  if (live && !dead && !handedOver) throw claimedBy(live, now.rollout);
  refuseUnfinished(now);
  refuseServing(view, asked.color, "be filled");
  if (now.retiring === asked.color) {
    throw new BlueGreenError("COLOR_RETIRING", `${asked.color} is being retired`, {
      hint: "finish with `bluegreen retire`, then run this again",
    });
  }
  if (isByHand(asked.rolloutId) && !asked.force) refuseOpenWindow(view, asked.color);
  const rollout = newRollout(view, asked);
  if (asked.rollout === "switch") return { ...now, claim: wanted, rollout };
  const whole = !isUnfinished(now, asked.color, view.colors[asked.color]);
  const claim = whole ? { ...wanted, ends: endsWith(view, asked.color) } : wanted;
  return { ...now, claim, rollout, previousRelease: null, rollbackUntil: null };
}

/** The record without its rollout; the claim stays as the mark of what was begun in its color. */
export function withoutRollout(record: RouterRecord): RouterRecord {
  const { claim, rollout } = record;
  const mark = rollout?.kind === "switch" ? null : claim && markOf(claim);
  return { ...record, rollout: null, claim: mark };
}

/** Of what was touched nothing is given back. */
function markOf({ color, rolloutId, until }: Claim): Claim {
  return { color, rolloutId, until, owner: null };
}

/**
 * True while a rollout fills the color, and after it was ended there: what the color's stack says
 * may be long untrue. Only a rollout that fills it anew changes that.
 */
export function isUnfinished(
  { claim, rollout }: RouterRecord,
  color: Color,
  outputs: ColorOutputs | null,
): boolean {
  if (rollout && rollout.phase !== "provision") return false;
  const begun = rollout ?? claim;
  const id = rollout?.id ?? claim?.rolloutId;
  return begun?.color === color && outputs?.rolloutId !== id;
}

/** In its hold a rollout has come to its end: there is nothing to go on with, or to keep others out of. */
function takeOver(view: View, asked: ClaimColor, wanted: Claim): RouterRecord {
  const { claim: held, rollout } = view.record;
  if (rollout?.phase === "hold") return view.record;
  if (held && !mayTakeOver(view, asked, held)) throw claimedBy(held, rollout);
  return { ...view.record, claim: { ...held, ...wanted, color: rollout?.color ?? wanted.color } };
}

/** An owner whose time ran out may still fill the color: that takes a rollout of its own. */
function mayTakeOver({ record, nowMs }: View, asked: ClaimColor, held: Claim): boolean {
  if (sameOwner(held.owner, asked.owner) || sameOwner(held.owner, asked.replaces)) return true;
  const filling = record.rollout?.phase === "provision" && held.owner !== null;
  return !filling && Date.parse(held.until) <= nowMs;
}

/** An abandoned rollout whose color has traffic must end before another begins. */
function refuseUnfinished(now: RouterRecord): void {
  const { rollout } = now;
  if (rollout?.phase !== "bake" && rollout?.phase !== "shift") return;
  throw new BlueGreenError(
    "ROLLOUT_OPEN",
    `rollout ${rollout.id} (${rollout.version}) was left in its ${rollout.phase}`,
    { hint: `finish it with \`bluegreen deploy\` (no version)${orGoBack(rollout)}` },
  );
}

function orGoBack(rollout: Rollout): string {
  const way = wayOut(rollout);
  return way ? `, or go back: \`${way}\`` : "";
}

/** A switch takes a color as it is, so that must be known. */
function refuseUnknown({ record, colors }: View, color: Color): void {
  const outputs = colors[color];
  if (outputs && !isUnfinished(record, color, outputs)) return;
  const what = outputs ? "was being filled when that rollout was ended" : "holds no release";
  throw new BlueGreenError("COLOR_EMPTY", `${color} ${what}`, {
    hint: "fill it with `bluegreen deploy --version VERSION`",
  });
}

function newRollout(view: View, asked: ClaimColor): Rollout {
  const outputs = view.colors[asked.color];
  if (asked.rollout === "switch") refuseUnknown(view, asked.color);
  return {
    id: asked.rolloutId,
    kind: asked.rollout,
    phase: asked.rollout === "switch" ? "check" : "provision",
    since: instant(view.nowMs),
    color: asked.color,
    former: view.record.activeColor,
    version: asked.rollout === "switch" && outputs ? outputs.release.version : asked.version,
    digest: asked.rollout === "switch" && outputs ? outputs.release.digest : null,
    baseline: null,
    hooksDone: [],
    baked: null,
  };
}
