/** A way back waits for the growth of its color in bounds; after it, for what was begun. */

import { longestStartMs } from "../../infra/config/platform-facts.ts";
import { formatDuration } from "../../infra/duration.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { Deadline } from "../deadline.ts";
import type { Environment } from "../ports.ts";
import type { Session } from "../session.ts";

/** An update's own time, beside that of the instances. */
const updateMs = 30_000;

/**
 * The environment in which growing counts for no deadline but `hold.growWithin`. A growth that takes
 * longer goes on beside the flip, and is waited for when it is asked for once more.
 */
export function growingInTime(
  { environment, settings }: Pick<Session, "environment" | "settings">,
  deadline: Pick<Deadline, "pause" | "resume">,
): Environment {
  let begun: Promise<void> | null = null;
  let flipped = false;
  return {
    observe: (options) => environment.observe(options),
    read: () => environment.read(),
    emptyColor: (color) => environment.emptyColor(color),
    updateRouter: async (request) => {
      await environment.updateRouter(request);
      flipped ||= request.kind === "RollBack";
    },
    updateColor: async (color, request) => {
      const ms = flipped ? longestStartMs(settings) + updateMs : settings.hold.growWithinMs;
      const limit = new Deadline(ms);
      deadline.pause();
      try {
        await limit.limit(() => (begun ??= environment.updateColor(color, request)));
        begun = null;
      } catch (error) {
        if (!limit.signal.aborted) {
          begun = null;
          throw error;
        }
        const sentence = `${color} hasn't grown within ${formatDuration(ms)}`;
        throw new BlueGreenError("PROVISION_FAILED", sentence, { cause: error });
      } finally {
        limit.lift();
        deadline.resume();
      }
    },
  };
}
