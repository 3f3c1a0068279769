/** What a switch does to clients that have a connection, or a cookie, of the former color. Pure. */

import type { Settings } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import type { Color } from "../../infra/model.ts";

/** For the notes of a preview of a switch away from `former`. */
export function connectionNotes(
  { platform, drainMs, rollbackWindowMs, shift }: Settings,
  former: Color,
): readonly string[] {
  const drain = formatDuration(drainMs);
  const window = formatDuration(rollbackWindowMs);
  const end =
    platform === "local"
      ? `are closed ${drain} after the switch (drain)`
      : `stay there, at the latest until it is retired after the window of ${window} and drained for ${drain}`;
  const long = `WebSockets and other long connections of ${former} ${end}`;
  const kept = `who stays with ${former} by its cookie (shift.sticky) moves with the switch`;
  return shift.sticky ? [long, kept] : [long];
}
