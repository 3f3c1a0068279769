/** The rollback window of the idle color: until when it is kept, what ends it, what gives it back. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, Instant } from "../model.ts";
import type { Ended, WindowClaim } from "./record.ts";
import type { View } from "./view.ts";

/** What a claim of the color would end now; null where there is nothing to return to. */
export function endedBy({ record }: View, color: Color): Ended | null {
  const { previousRelease, rollbackUntil } = record;
  return previousRelease?.color === color ? { previousRelease, rollbackUntil } : null;
}

/** End of the window that is open now; null where none is. */
export function windowEnd({ rollbackUntil }: Ended, nowMs: number): Instant | null {
  return rollbackUntil !== null && Date.parse(rollbackUntil) > nowMs ? rollbackUntil : null;
}

/** @throws WINDOW_OPEN while the color is kept for going back to */
export function refuseOpenWindow(view: View, color: Color): void {
  const ends = endedBy(view, color);
  const until = ends && windowEnd(ends, view.nowMs);
  if (until === null) return;
  const { version } = ends?.previousRelease?.release ?? { version: "its release" };
  throw new BlueGreenError("WINDOW_OPEN", `${color} is kept with ${version} until ${until}`, {
    hint: `wait, or give that way back up now with \`bluegreen claim ${color} --now\``,
  });
}

/**
 * What the open claim ended and what is still true of it, for a claim under which nothing of its
 * color was touched; null where there is nothing to give back. Only the run that made the claim can
 * know that: the color's outputs don't tell, because an update that fails keeps the former ones.
 */
export function givenBack({ record, colors, nowMs }: View): Ended | null {
  const { ends } = (record.claim ?? {}) as Partial<WindowClaim>;
  const former = ends?.previousRelease;
  if (!former || colors[former.color]?.release.digest !== former.release.digest) return null;
  return { previousRelease: former, rollbackUntil: windowEnd(ends, nowMs) };
}
