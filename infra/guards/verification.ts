/** A switch is done when the data plane says so; not served in time, it goes back. */

import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { ProgramContext } from "../context.ts";
import { withEnvironment } from "../environment-words.ts";
import { BlueGreenError, formatError, messageOf } from "../errors.ts";
import { activeOf, formatWeights, hasAll } from "../model.ts";
import type { Color } from "../model.ts";
import type { Observed } from "../observation.ts";
import type { Platform, RouterOutputs } from "../platform.ts";
import { keepConnection, probe, verifyServed } from "../probe.ts";
import type { ClearFailure, ProbeConnection, ServedResult } from "../probe.ts";
import { setBackRoutes } from "../rules/set-back.ts";
import type { Failed } from "../rules/set-back.ts";
import type { Transition } from "../rules/transition.ts";
import { instant } from "../rules/view.ts";

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

/**
 * Errors of the new color alone, through the public address and for as long, end a switch before
 * its time is over. A release may stumble over its first requests: five probes are sent in 60 ms.
 */
const clearErrors = 5;
const clearMs = 1_000;

function clearFailure({ switchWithinMs }: Settings): ClearFailure {
  return { errors: clearErrors, forMs: Math.min(clearMs, switchWithinMs / 2) };
}

/**
 * @throws after the router was set back: ROLLED_BACK when the new color was reached and answers with
 * errors, else SWITCH_NOT_SERVED; SWITCH_STUCK where it stays as asked: it couldn't be set back, or
 * was rolled back already
 */
export async function serveOrReturn(run: Verification): Promise<RouterOutputs> {
  const { settings, context, outputs, transition } = run;
  const color = activeOf(transition.record.weights);
  if (pulumi.runtime.isDryRun() || !color || !hasAll(transition.record.weights, color))
    return outputs;
  const started = performance.now();
  const elapsedMs = () => Math.round(performance.now() - started);
  const seen = await verifyServed({
    url: outputs.url,
    path: settings.probe.path,
    color,
    count: settings.probe.count,
    withinMs: settings.switchWithinMs,
    timeoutMs: settings.probe.timeoutMs,
    ...(transition.activation?.rollback ? {} : { clearFailure: clearFailure(settings) }),
    ...(run.line ? { connection: run.line.connection } : {}),
  });
  run.line?.connection.close();
  if (!seen.served) {
    const error = await notServed(run, color, { seen, ms: elapsedMs() });
    context.on?.({ kind: "Refused", error });
    // Pulumi prints any other error of an output with its stack, and without the hint.
    throw new pulumi.RunError(withEnvironment(formatError(error), settings.environment));
  }
  context.on?.({ kind: "Served", color, ms: elapsedMs() });
  return outputs;
}

interface Unserved {
  readonly seen: ServedResult;
  readonly ms: number;
}

async function notServed(
  run: Verification,
  color: Color,
  { seen, ms }: Unserved,
): Promise<BlueGreenError> {
  const { former, platform, settings, transition } = run;
  const details = [`platform ${platform.name}, before: ${formatWeights(former.record.weights)}`];
  const asked = `asked for ${formatWeights(transition.record.weights)}, but`;
  const rollback = transition.activation?.rollback === true;
  if (rollback || !seen.failing) {
    const { code, hint } = rollback ? staysBack : await returned(run, null);
    const message = `${asked} ${seen.reason} within ${settings.switchWithinMs} ms`;
    return new BlueGreenError(code, message, { hint, details });
  }
  const errors = `${seen.errors} of ${seen.answers[color]} answers of ${color} were errors`;
  const reason = `${errors} within ${ms} ms of the switch: ${seen.reason}`;
  const back = former.record.activeColor;
  const failed = back === null ? null : failedOf(run, color, reason);
  const { code, hint } = await returned(run, failed);
  if (code === "SWITCH_STUCK" || back === null) {
    return new BlueGreenError(code, `${asked} ${reason}`, { hint, details });
  }
  const pin = failed ? "the release is pinned, " : "";
  return new BlueGreenError("ROLLED_BACK", reason, {
    hint: `traffic is back on ${back}; ${pin}look at \`bluegreen logs ${color}\``,
    details,
  });
}

function failedOf({ former, context }: Verification, color: Color, reason: string): Failed | null {
  const release = former.colors[color]?.release;
  const at = instant((context.now ?? Date.now)());
  return release ? { release, reason, at } : null;
}

/** Where traffic is after a flip that wasn't served, and what to do. */
interface End {
  readonly code: "SWITCH_NOT_SERVED" | "SWITCH_STUCK";
  readonly hint: string;
}

function stuck(hint: string): End {
  return { code: "SWITCH_STUCK", hint };
}

const staysBack = stuck(
  "the router stays as asked: the color that was left is no better; see `bluegreen doctor`",
);

async function returned(
  { former, platform, settings, transition }: Verification,
  failed: Failed | null,
): Promise<End> {
  const { record, colors } = former;
  if (!platform.flip) {
    return stuck("this platform can't be set back directly: run `bluegreen rollback`");
  }
  try {
    const routes = setBackRoutes(former, transition.record.generation, failed);
    await platform.flip({ settings, colors }, routes);
    const hint = `the router was set back to ${formatWeights(record.weights)}`;
    return { code: "SWITCH_NOT_SERVED", hint };
  } catch (error) {
    if (error instanceof BlueGreenError && error.code === "DRIFT") {
      return stuck(`it wasn't set back, because ${error.message}: see \`bluegreen status\``);
    }
    const way = "run `bluegreen rollback --direct`";
    return stuck(`setting it back failed as well (${messageOf(error)}): ${way}`);
  }
}
