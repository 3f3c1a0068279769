/** The rollback window of the idle color: until when it is kept, what ends it, what gives it back. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, Ended, Instant, RollbackWindow, RouterRecord } from "../model.ts";
import type { View } from "./view.ts";

/** The way back to the color, which a claim of it would end; null where there is none. */
export function endedBy({ record }: View, color: Color): RollbackWindow | null {
  const { previousRelease, rollbackUntil } = record;
  return previousRelease?.color === color ? { previousRelease, rollbackUntil } : null;
}

/** All that a claim of the color takes the place of. */
export function endsWith(view: View, color: Color): Ended {
  const { rollout } = view.record;
  return { window: endedBy(view, color), rollout: rollout?.phase === "hold" ? rollout : null };
}

/** End of the window that is open now; null where none is. */
export function windowEnd({ rollbackUntil }: RollbackWindow, nowMs: number): Instant | null {
  return rollbackUntil !== null && Date.parse(rollbackUntil) > nowMs ? rollbackUntil : null;
}

/** @throws WINDOW_OPEN while the color is kept for going back to */
export function refuseOpenWindow(view: View, color: Color): void {
  const ends = endedBy(view, color);
  const until = ends && windowEnd(ends, view.nowMs);
  if (ends === null || until === null) return;
  const { version } = ends.previousRelease.release;
  throw new BlueGreenError("WINDOW_OPEN", `${color} is kept with ${version} until ${until}`, {
    hint: `wait, or give that way back up now with \`bluegreen claim ${color} --now\``,
  });
}

/**
 * What the open claim took the place of and what is still true of it, for a claim under which
 * nothing of its color was touched; null where that isn't known. Only the run that made the claim
 * can know it: the color's outputs don't tell, because an update that fails keeps the former ones.
 */
export function givenBack({
  record,
  colors,
  nowMs,
}: View): Pick<RouterRecord, "previousRelease" | "rollbackUntil" | "rollout"> | null {
  const ends = record.claim?.ends;
  if (!ends) return null;
  const rollout = ends.rollout?.color === record.activeColor ? ends.rollout : null;
  if (ends.window === null) return { previousRelease: null, rollbackUntil: null, rollout };
  const { previousRelease } = ends.window;
  const held = colors[previousRelease.color]?.release.digest;
  if (held !== previousRelease.release.digest) return null;
  return { previousRelease, rollbackUntil: windowEnd(ends.window, nowMs), rollout };
}
