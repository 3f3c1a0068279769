/** A share of the traffic has moved once the router says so; what it counts from then on is the step's. */

import * as pulumi from "@pulumi/pulumi";
import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import type { Settings } from "../config.ts";
import { withEnvironment } from "../environment-words.ts";
import { BlueGreenError, formatError } from "../errors.ts";
import { formatWeights, sameWeights } from "../model.ts";
import type { RouterReading } from "../model.ts";
import type { Observed } from "../observation.ts";
import type { Platform, Routes } from "../platform.ts";
import type { ProgramContext } from "../context.ts";

export interface MovedShare {
  readonly settings: Settings;
  readonly platform: Pick<Platform, "name" | "read">;
  readonly context: Pick<ProgramContext, "on">;
  readonly view: Pick<Observed, "colors" | "reading">;
  /** What was asked for, and the stamp that was written with it. */
  readonly routes: Pick<Routes, "weights" | "generation" | "rolloutId">;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Time between two looks at a router that hasn't followed. */
const pauseMs = 50;

/**
 * The first reading that shows the share. Where none does, the router is left as it is.
 * @throws SWITCH_NOT_SERVED where the router doesn't follow within `switchWithin`
 * @throws CLAIMED at once where somebody else has moved traffic meanwhile
 */
export async function shareServed(moved: MovedShare): Promise<RouterReading> {
  const { settings, platform, view, routes, clock = systemClock } = moved;
  const deadlineMs = clock.now() + settings.switchWithinMs;
  for (;;) {
    const reading = await platform.read({ settings, colors: view.colors });
    if (reading.weights !== null && sameWeights(reading.weights, routes.weights)) return reading;
    const others = overtakenBy(moved, reading);
    if (others !== null) refuse(moved, overtaken(moved, reading, others));
    const leftMs = deadlineMs - clock.now();
    if (leftMs <= 0) refuse(moved, notFollowed(moved, reading));
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}

function refuse({ context, settings }: MovedShare, error: BlueGreenError): never {
  context.on?.({ kind: "Refused", error });
  throw new pulumi.RunError(withEnvironment(formatError(error), settings.environment));
}

/**
 * Who has moved traffic since, and why; null where nobody did. A router that hasn't followed yet
 * shows the stamp that it had before.
 */
function overtakenBy({ routes, view }: MovedShare, { mark, rolloutId }: RouterReading) {
  if (mark && mark.generation > routes.generation) return `${mark.by} rolled back: ${mark.reason}`;
  const known = [null, routes.rolloutId, view.reading.rolloutId].includes(rolloutId);
  return known ? null : `${String(rolloutId)} moved traffic`;
}

function overtaken(
  { routes }: MovedShare,
  { weights }: RouterReading,
  others: string,
): BlueGreenError {
  const now = weights === null ? "doesn't answer" : `serves ${formatWeights(weights)}`;
  const message = `${others}; asked for ${formatWeights(routes.weights)}, the router ${now}`;
  return new BlueGreenError("CLAIMED", message, {
    hint: "somebody else moved traffic meanwhile, and it stays: see `bluegreen status`",
  });
}

function notFollowed(
  { settings, platform, routes }: MovedShare,
  { weights: served, problems }: RouterReading,
): BlueGreenError {
  const now = served === null ? "doesn't answer" : `serves ${formatWeights(served)}`;
  const message = `asked for ${formatWeights(routes.weights)}, but after ${settings.switchWithinMs} ms the router ${now}`;
  return new BlueGreenError("SWITCH_NOT_SERVED", message, {
    hint: "the router didn't take the share: see `bluegreen doctor`",
    details: [`platform ${platform.name}`, ...problems],
  });
}
