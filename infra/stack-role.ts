/** Which stack of an environment holds what, and how it is called. Pure. */

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
