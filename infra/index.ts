/** Entry of a hand-run `pulumi up`; the driver runs the same program inline. */

import { RunError, getStack } from "@pulumi/pulumi";
import { withEnvironment } from "./environment-words.ts";
import { BlueGreenError, formatError } from "./errors.ts";
import { program } from "./program.ts";
import { stackRole } from "./stack-role.ts";

/** A refusal is for people: Pulumi prints a RunError without a stack. */
export default async function run(): Promise<Record<string, unknown>> {
  try {
    return await program();
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const { environment } = stackRole(getStack());
    throw new RunError(withEnvironment(formatError(error), environment));
  }
}
