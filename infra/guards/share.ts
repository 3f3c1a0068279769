/** A share of the traffic has moved once the router says so; what it counts from then on is the step's. */

import * as pulumi from "@pulumi/pulumi";
import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import type { Settings } from "../config.ts";
import { withEnvironment } from "../environment-words.ts";
import { BlueGreenError, formatError } from "../errors.ts";
import { formatWeights, sameWeights } from "../model.ts";
import type { RouterReading, Weights } from "../model.ts";
import type { Observed } from "../observation.ts";
import type { Platform } from "../platform.ts";
import type { ProgramContext } from "../context.ts";

export interface MovedShare {
  readonly settings: Settings;
  readonly platform: Pick<Platform, "name" | "read">;
  readonly context: Pick<ProgramContext, "on">;
  readonly view: Pick<Observed, "colors">;
  /** What was asked for. */
  readonly weights: Weights;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Time between two looks at a router that hasn't followed. */
const pauseMs = 50;

/**
 * The first reading that shows the share.
 * @throws SWITCH_NOT_SERVED where the router doesn't follow within `switchWithin`; it is left as it is
 */
export async function shareServed(moved: MovedShare): Promise<RouterReading> {
  const { settings, platform, view, weights, context, clock = systemClock } = moved;
  const deadlineMs = clock.now() + settings.switchWithinMs;
  for (;;) {
    const reading = await platform.read({ settings, colors: view.colors });
    if (reading.weights !== null && sameWeights(reading.weights, weights)) return reading;
    const leftMs = deadlineMs - clock.now();
    if (leftMs <= 0) {
      const error = notFollowed(moved, reading);
      context.on?.({ kind: "Refused", error });
      throw new pulumi.RunError(withEnvironment(formatError(error), settings.environment));
    }
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}

function notFollowed(
  { settings, platform, weights }: MovedShare,
  { weights: served, problems }: RouterReading,
): BlueGreenError {
  const now = served === null ? "doesn't answer" : `serves ${formatWeights(served)}`;
  const message = `asked for ${formatWeights(weights)}, but after ${settings.switchWithinMs} ms the router ${now}`;
  return new BlueGreenError("SWITCH_NOT_SERVED", message, {
    hint: "the router didn't take the share: see `bluegreen doctor`",
    details: [`platform ${platform.name}`, ...problems],
  });
}
