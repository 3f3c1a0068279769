/** The guard of a flip, asked with fresh readings right before the provider is called. */

import type { Settings } from "../config.ts";
import type { ProgramContext } from "../context.ts";
import { guardActivation, guardRollback, refusePending } from "../rules/activation.ts";
import type { GuardResult } from "../rules/activation.ts";
import * as pulumi from "@pulumi/pulumi";
import { BlueGreenError } from "../errors.ts";
import type { Observed } from "../observation.ts";
import type { Activation } from "../rules/traffic.ts";
import { checkVersions } from "./version.ts";

export interface ActivationArgs {
  readonly settings: Settings;
  readonly activation: Activation | null;
  readonly context: ProgramContext;
  readonly observe: () => Promise<Observed>;
}

/** Passes where no color is about to get traffic. */
export function activationGuard(args: ActivationArgs): () => Promise<void> {
  const { activation, context } = args;
  if (!activation) return () => Promise.resolve();
  return async () => {
    const result = await guard(args, activation);
    context.on?.({ kind: "Guarded", color: activation.color, result });
    if (result.kind !== "refused") {
      if (!context.on) await pulumi.log.info(`${result.kind}: ${result.sentence}`);
      return;
    }
    throw result.error;
  };
}

async function guard(args: ActivationArgs, activation: Activation): Promise<GuardResult> {
  const { color, expected, rollback } = activation;
  const view = await args.observe();
  const result = rollback ? guardRollback(view, color) : guardActivation(view, color, expected);
  const settled = pulumi.runtime.isDryRun() ? result : refusePending(result, view, color);
  if (settled.kind !== "pass" || rollback) return settled;
  return checkedVersion(args, view, settled);
}

/** A person's flip has no driver that checked the version before. */
async function checkedVersion(
  { settings, activation }: ActivationArgs,
  view: Observed,
  passed: GuardResult,
): Promise<GuardResult> {
  const outputs = activation && view.colors[activation.color];
  if (!outputs) return passed;
  const wrong = await checkVersions(settings, outputs);
  if (wrong.length === 0) return passed;
  const message = `${outputs.color} doesn't answer as ${outputs.release.version}`;
  return {
    kind: "refused",
    error: new BlueGreenError("CHECK_FAILED", message, {
      hint: `look at \`bluegreen logs ${outputs.color}\``,
      details: wrong,
    }),
  };
}
