/** Entry of a hand-run `pulumi up`; the driver runs the same program inline. */

import { RunError } from "@pulumi/pulumi";
import { BlueGreenError, formatError } from "./errors.ts";
import { program } from "./program.ts";

/** A refusal is for people: Pulumi prints a RunError without a stack. */
export default async function run(): Promise<Record<string, unknown>> {
  try {
    return await program();
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    throw new RunError(formatError(error));
  }
}
