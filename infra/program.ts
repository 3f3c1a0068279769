/** The one program: what the router's stack and the colors' stacks hold, chosen by the stack. */

import * as pulumi from "@pulumi/pulumi";
import { colorProgram } from "./color-program.ts";
import type { ProgramContext } from "./context.ts";
import { BlueGreenError } from "./errors.ts";
import { routerProgram } from "./router-program.ts";
import { readSettings } from "./settings.ts";
import type { StackRole } from "./stacks.ts";
import { stackName, stackRole } from "./stacks.ts";

/**
 * Runs inside a locked update, by the driver or by hand, and returns the stack's outputs.
 * @throws BlueGreenError with a refusal, before anything is touched
 */
export async function program(context: ProgramContext = {}): Promise<Record<string, unknown>> {
  const settings = readSettings(context.root ?? pulumi.getRootDirectory());
  const role = stackRole(pulumi.getStack());
  refuseOtherEnvironment(settings.environment, role);
  try {
    return role.color
      ? await colorProgram({ settings, color: role.color, context })
      : await routerProgram({ settings, context });
  } catch (error) {
    if (error instanceof BlueGreenError) context.on?.({ kind: "Refused", error });
    throw error;
  }
}

function refuseOtherEnvironment(environment: string, role: StackRole): void {
  if (environment === role.environment) return;
  throw new BlueGreenError(
    "ENVIRONMENT_MISMATCH",
    `the settings are for environment ${environment}, the stack is ${stackName(role)}`,
    {
      hint:
        `use Pulumi.${role.environment}.yaml: with plain pulumi \`--config-file ` +
        `Pulumi.${role.environment}.yaml\`, or set PULUMI_OPTION_CONFIG_FILE; \`bluegreen pulumi\` does it for you`,
    },
  );
}
