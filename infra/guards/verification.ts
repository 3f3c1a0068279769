/** A switch is done when the data plane says so; not served in time, it goes back. */

import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { ProgramContext } from "../context.ts";
import { BlueGreenError, formatError, messageOf } from "../errors.ts";
import { activeOf, byHand, formatWeights } from "../model.ts";
import type { Observed } from "../observation.ts";
import type { Platform, RouterOutputs } from "../platform.ts";
import { keepConnection, probe, verifyServed } from "../probe.ts";
import type { ProbeConnection } from "../probe.ts";
import type { Transition } from "../rules/transition.ts";

export interface Verification {
  readonly settings: Settings;
  readonly context: ProgramContext;
  readonly platform: Platform;
  readonly outputs: RouterOutputs;
  readonly transition: Transition;
  /** As it was before the flip. */
  readonly former: Observed;
  readonly line: Line | null;
}

/** A connection from before the flip: proof that reused ones follow it, too. */
export interface Line {
  readonly connection: ProbeConnection;
  /** Asks once, so that the connection exists. */
  open(): Promise<void>;
}

/** Null where no color is about to get traffic. */
export function openLine(
  run: Pick<Verification, "settings" | "platform" | "transition">,
): Line | null {
  const { settings, platform, transition } = run;
  if (!transition.activation || pulumi.runtime.isDryRun()) return null;
  const connection = keepConnection();
  const { path, timeoutMs } = settings.probe;
  return {
    connection,
    open: async () => {
      await probe({ url: platform.url(settings), path, timeoutMs, connection });
    },
  };
}

/** @throws SWITCH_NOT_SERVED after the router was set back */
export async function serveOrReturn(run: Verification): Promise<RouterOutputs> {
  const { settings, context, outputs, transition } = run;
  const color = activeOf(transition.record.weights);
  if (pulumi.runtime.isDryRun() || !color || transition.record.weights[color] < 100) return outputs;
  const started = performance.now();
  const seen = await verifyServed({
    url: outputs.url,
    path: settings.probe.path,
    color,
    count: settings.probe.count,
    withinMs: settings.switchWithinMs,
    timeoutMs: settings.probe.timeoutMs,
    ...(run.line ? { connection: run.line.connection } : {}),
  });
  run.line?.connection.close();
  if (!seen.served) {
    const error = await notServed(run, seen.reason);
    // Pulumi prints any other error of an output with its stack, and without the hint.
    throw new pulumi.RunError(formatError(error));
  }
  context.on?.({ kind: "Served", color, ms: Math.round(performance.now() - started) });
  return outputs;
}

async function notServed(run: Verification, reason: string): Promise<BlueGreenError> {
  const { former, platform, settings, transition, context } = run;
  const asked = formatWeights(transition.record.weights);
  const hint = transition.activation?.rollback
    ? "the router stays as asked: the color that was left is no better; see `bluegreen doctor`"
    : await returned(run);
  const error = new BlueGreenError(
    "SWITCH_NOT_SERVED",
    `asked for ${asked}, but ${reason} within ${settings.switchWithinMs} ms`,
    {
      hint,
      details: [`platform ${platform.name}, before: ${formatWeights(former.record.weights)}`],
    },
  );
  context.on?.({ kind: "Refused", error });
  return error;
}

async function returned({ former, platform, settings, transition }: Verification): Promise<string> {
  const { record, colors, reading } = former;
  if (!platform.flip) return "this platform can't be set back directly: run `bluegreen rollback`";
  try {
    await platform.flip(
      { settings, colors },
      {
        weights: record.weights,
        generation: record.generation,
        rolloutId: reading.rolloutId ?? byHand,
        mark: reading.mark,
        replaces: transition.record.generation,
      },
    );
    return `the router was set back to ${formatWeights(record.weights)}`;
  } catch (error) {
    if (error instanceof BlueGreenError && error.code === "DRIFT") {
      return `it wasn't set back, because ${error.message}: see \`bluegreen status\``;
    }
    return `setting it back failed as well (${messageOf(error)}): run \`bluegreen rollback --direct\``;
  }
}
