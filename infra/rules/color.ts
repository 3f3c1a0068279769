/** What may happen to a color's stack: filled under a claim, grown, brought back, emptied. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, ColorOutputs, Release, RouterRecord } from "../model.ts";
import { byHand, isServed } from "../model.ts";
import { isByHand } from "./by-hand.ts";
import { pinOf } from "./record.ts";
import type { ColorRequest } from "./request.ts";
import { dueShrink } from "./shrinking.ts";

export interface ColorView {
  readonly color: Color;
  readonly environment: string;
  /** The router's record, in line with the data plane. */
  readonly record: RouterRecord;
  /** What the color holds now. */
  readonly current: ColorOutputs | null;
  readonly nowMs: number;
}

export interface Wanted {
  readonly release: Release;
  readonly size: number;
}

/** What a color holds after an update. */
export interface Filled extends Wanted {
  readonly rolloutId: string;
}

/** A color that is being removed is not filled by a plain update; it stays as it is. */
export function settle(asked: ColorRequest, view: ColorView): ColorRequest {
  const leaving = asked.kind === "Obey" && view.record.retiring === view.color && view.current;
  return leaving ? { kind: "Keep", size: null } : asked;
}

/** The color as it is, optionally with more instances, or with fewer in its hold. */
export function kept(
  { release, rolloutId, size }: ColorOutputs,
  asked: Extract<ColorRequest, { kind: "Keep" | "Shrink" }>,
): Filled {
  const least = asked.kind === "Shrink" ? Math.min : Math.max;
  return { release, rolloutId, size: least(asked.size ?? size, size) };
}

/** The color with this release. By hand it takes the id of the person's claim, the same one too. */
export function filled(
  view: ColorView,
  asked: Extract<ColorRequest, { kind: "Obey" | "Provision" }>,
  { release, configured }: { readonly release: Release; readonly configured: number },
): Filled {
  if (asked.kind === "Provision") {
    return { release, size: asked.size ?? configured, rolloutId: asked.rolloutId };
  }
  const { current } = view;
  const same = current?.release.digest === release.digest;
  const size = same ? Math.max(configured, current.size) : configured;
  const claimed = claimByHand(view);
  return { release, size, rolloutId: claimed ?? (same ? current.rolloutId : byHand) };
}

/** The person's claim under which the color may be filled now. */
function claimByHand({ record: { rollout }, color }: ColorView): string | null {
  const open = rollout?.color === color && rollout.phase === "provision";
  return open && isByHand(rollout.id) ? rollout.id : null;
}

/** True when an update would be the same release with as many instances or more. */
export function keepsServing(current: ColorOutputs | null, wanted: Wanted): boolean {
  return current?.release.digest === wanted.release.digest && wanted.size >= current.size;
}

/**
 * Refuses an update of a color's stack that the rules don't allow.
 * @throws COLOR_SERVES, NOT_CLAIMED, RELEASE_PINNED, COLOR_RETIRING
 */
export function guardColor(view: ColorView, asked: ColorRequest, wanted: Wanted | null): void {
  if (asked.kind === "Empty" || wanted === null) {
    guardEmptying(view);
    return;
  }
  if (serves(view)) {
    guardServing(view, wanted);
    return;
  }
  if (keepsServing(view.current, wanted) && asked.kind !== "Provision") return;
  guardRetiring(view);
  if (asked.kind === "Shrink") {
    guardShrink(view, asked.rolloutId, wanted);
    return;
  }
  guardClaim(view, asked);
  guardPin(view, wanted);
}

/** Whether the color has traffic. */
export function serves({ record, color }: Pick<ColorView, "record" | "color">): boolean {
  return isServed(record.weights, color) || record.activeColor === color;
}

function guardServing(view: ColorView, wanted: Wanted): void {
  const { color, current } = view;
  if (keepsServing(current, wanted)) return;
  const same = current !== null && current.release.digest === wanted.release.digest;
  throw new BlueGreenError(
    "COLOR_SERVES",
    same
      ? `${color} has traffic with ${current.size} instances and can't shrink to ${wanted.size}`
      : `${color} has traffic with release ${current?.release.version ?? "unknown"} ` +
          `and can't get ${wanted.release.version} (${wanted.release.digest}) in its place`,
    {
      hint: same
        ? "shrink it when it is idle"
        : "roll it out to the idle color: `bluegreen deploy`; `bluegreen up` keeps what is there",
    },
  );
}

/** The `retiring` mark is a latch under the router's lock: traffic can't come back after it. */
export function guardEmptying(view: ColorView): void {
  const { color, record, current } = view;
  if (serves(view)) {
    throw new BlueGreenError("COLOR_SERVES", `${color} has traffic, so it can't be destroyed`, {
      hint: "switch to the other color first, then `bluegreen retire`",
    });
  }
  if (record.retiring === color || current === null) return;
  throw new BlueGreenError("NOT_CLAIMED", `${color} isn't retired yet, so it can't be destroyed`, {
    hint: `\`bluegreen retire\` detaches and empties it; \`--now\` doesn't wait for the window`,
  });
}

function guardRetiring({ color, record }: ColorView): void {
  if (record.retiring !== color) return;
  throw new BlueGreenError("COLOR_RETIRING", `${color} is being retired`, {
    hint: "finish with `bluegreen retire`, then run this again",
  });
}

/** The hold is a permission under the router's lock, and it counts once. */
function guardShrink({ color, record, current }: ColorView, id: string, wanted: Wanted): void {
  const least = current && record.rollout?.id === id ? dueShrink(record, current) : null;
  if (least !== null && wanted.size >= least) return;
  const sentence = `${color} isn't to be shrunk to ${wanted.size}: the hold of ${id} doesn't ask for it`;
  throw new BlueGreenError("NOT_CLAIMED", sentence, { hint: "see `bluegreen status`" });
}

function guardClaim(view: ColorView, asked: ColorRequest): void {
  const { color, record, current } = view;
  const { rollout } = record;
  const claimed = claimByHand(view);
  if (asked.kind !== "Provision" && claimed !== null && claimed === current?.rolloutId) {
    throw usedUp(color, claimed);
  }
  const rolloutId = asked.kind === "Provision" ? asked.rolloutId : (claimed ?? byHand);
  if (rollout?.id === rolloutId && rollout.color === color && rollout.phase === "provision") return;
  const by = isByHand(rolloutId) ? "a person" : rolloutId;
  throw new BlueGreenError(
    "NOT_CLAIMED",
    rollout
      ? `${color} can't be filled by ${by}: rollout ${rollout.id} is in its ${rollout.phase}`
      : `${color} can't be filled without a claim`,
    {
      hint: `by hand: \`bluegreen claim ${color}\` first; or let \`bluegreen deploy\` do all of it`,
    },
  );
}

/** What was filled under a claim may be getting traffic by now: it isn't replaced under the same. */
function usedUp(color: Color, claimed: string): BlueGreenError {
  return new BlueGreenError("NOT_CLAIMED", `${color} is filled already under claim ${claimed}`, {
    hint: `to fill it once more: \`bluegreen abort\`, then \`bluegreen claim ${color}\``,
  });
}

function guardPin({ record, nowMs }: ColorView, { release }: Wanted): void {
  const pin = pinOf(record.pins, release.digest, nowMs);
  if (!pin) return;
  throw new BlueGreenError(
    "RELEASE_PINNED",
    `release ${release.version} is pinned by ${pin.by} at ${pin.at}: ${pin.reason}`,
    { hint: `deploy another release, or lift it with \`bluegreen unpin ${release.version}\`` },
  );
}
