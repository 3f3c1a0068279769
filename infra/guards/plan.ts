/**
 * Hooks on every resource of a stack: a step touches only what it may, the flip is guarded right
 * before it happens, and a removal is refused before anything is gone.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { withEnvironment } from "../environment-words.ts";
import { BlueGreenError, formatError } from "../errors.ts";
import { sameValue } from "../provider/handler.ts";

export interface PlanRules {
  /** For the commands in a refusal. */
  readonly environment: string;
  /** Type tokens that may be created, changed or removed; null or undefined: any. */
  readonly allowed: readonly string[] | null | undefined;
  /** Resources whose change moves traffic. */
  readonly flipTypes: readonly string[];
  readonly beforeFlip: () => Promise<void>;
  /** Throws where nothing may be removed. */
  readonly beforeDelete: () => void;
  /** Hears of a refusal before the engine turns it into a text. */
  readonly onRefusal: (error: BlueGreenError) => void;
  /** Name of the delete hook: the plain CLI prints it when it refuses a destroy. */
  readonly advice: string;
}

export interface PlanGuard {
  /** For the stack's component: every child gets the hooks. */
  readonly options: pulumi.ComponentResourceOptions;
  readonly recordHooks: pulumi.ResourceHookBinding;
}

export function guardPlan(rules: PlanRules): PlanGuard {
  // The engine calls hooks outside of the program's context, which invokes depend on.
  const inProgram = AsyncLocalStorage.snapshot();
  const change = new pulumi.ResourceHook(
    "may this step touch it?",
    (args) =>
      telling(rules, async () => {
        refuseUnplanned(rules, args, changed(args));
        if (rules.flipTypes.includes(args.type)) await inProgram(rules.beforeFlip);
      }),
    { onDryRun: true },
  );
  const removal = new pulumi.ResourceHook(
    rules.advice,
    (args) =>
      telling(rules, () => {
        refuseUnplanned(rules, args, []);
        rules.beforeDelete();
      }),
    { onDryRun: true },
  );
  const hooks: pulumi.ResourceHookBinding = {
    beforeCreate: [change],
    beforeUpdate: [change],
    beforeDelete: [removal],
  };
  const withHooks: pulumi.ResourceTransformation = ({ props, opts }) => ({
    props,
    opts: { ...opts, hooks },
  });
  return {
    options: { transformations: [withHooks] },
    recordHooks: { beforeDelete: [removal] },
  };
}

/** Only an error's message gets from a hook to the person who runs the engine. */
async function telling(
  { environment, onRefusal }: PlanRules,
  judge: () => Promise<void> | void,
): Promise<void> {
  try {
    await judge();
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    onRefusal(error);
    throw new Error(withEnvironment(formatError(error), environment), { cause: error });
  }
}

type Change = Parameters<pulumi.ResourceHookFunction>[0];

/** Names of the inputs that an update sets anew, never values. */
function changed({ oldInputs, newInputs }: Change): readonly string[] {
  if (!oldInputs || !newInputs) return [];
  const names = new Set([...Object.keys(oldInputs), ...Object.keys(newInputs)]);
  return [...names].filter((name) => !sameValue(oldInputs[name] ?? null, newInputs[name] ?? null));
}

function refuseUnplanned(
  { allowed }: PlanRules,
  { type, name }: Change,
  fields: readonly string[],
): void {
  if (!allowed || allowed.includes(type)) return;
  const which = fields.length === 0 ? "" : `: ${fields.join(", ")}`;
  throw new BlueGreenError(
    "PLAN_REFUSED",
    `this step would also change ${name} (${type})${which}`,
    {
      hint: "apply such changes on their own first: `bluegreen up`, previewed by `bluegreen preview`",
    },
  );
}
