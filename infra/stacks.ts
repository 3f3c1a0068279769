/** Names of the three stacks of an environment, and reading what they put out. */

import * as pulumi from "@pulumi/pulumi";
import { BlueGreenError, messageOf } from "./errors.ts";
import type { Color } from "./model.ts";
import { colors } from "./model.ts";

export interface StackRole {
  readonly environment: string;
  /** Null: the router's stack, which also holds the record. */
  readonly color: Color | null;
}

/** `prod` is the router's stack, `prod-blue` and `prod-green` hold a color each. */
export function stackRole(stack: string): StackRole {
  const color = colors.find((each) => stack.endsWith(`-${each}`)) ?? null;
  return { environment: color ? stack.slice(0, -color.length - 1) : stack, color };
}

export function stackName({ environment, color }: StackRole): string {
  return color ? `${environment}-${color}` : environment;
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
