/** Reads, inside a program, what the three stacks of an environment put out. */

import * as pulumi from "@pulumi/pulumi";
import { BlueGreenError, messageOf } from "./errors.ts";
import type { ProgramContext } from "./context.ts";
import type { StackOutputs } from "./observation.ts";
import type { StackRole } from "./stack-role.ts";
import { stackName } from "./stack-role.ts";

export type { StackRole } from "./stack-role.ts";
export { stackName, stackRole } from "./stack-role.ts";

/**
 * Outputs of all three stacks; a preview takes those that it was handed.
 * @throws BACKEND_UNREACHABLE
 */
export async function readAllOutputs(
  environment: string,
  { assumed }: Pick<ProgramContext, "assumed">,
): Promise<StackOutputs> {
  if (assumed && pulumi.runtime.isDryRun()) return assumed;
  const [router, blue, green] = await Promise.all([
    readStackOutputs({ environment, color: null }),
    readStackOutputs({ environment, color: "blue" }),
    readStackOutputs({ environment, color: "green" }),
  ]);
  return { router, colors: { blue, green } };
}

/**
 * Outputs of a stack of this project; null when the stack doesn't exist. A StackReference would
 * fail the whole update there, caught or not; this invoke can be caught.
 * @throws BACKEND_UNREACHABLE
 */
export async function readStackOutputs(
  role: StackRole,
): Promise<Readonly<Record<string, unknown>> | null> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stackName(role)}`;
  try {
    const result = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as {
      outputs: Record<string, unknown>;
    };
    return result.outputs;
  } catch (error) {
    if (/unknown stack/.test(messageOf(error))) return null;
    throw new BlueGreenError("BACKEND_UNREACHABLE", `stack ${name} can't be read`, {
      cause: error,
      details: [messageOf(error)],
    });
  }
}
