/** The router's stack: what both colors share, the flip, and the record as its last resource. */

import * as pulumi from "@pulumi/pulumi";
import { activationGuard } from "./guards/activation.ts";
import type { Settings } from "./config.ts";
import type { ProgramContext } from "./context.ts";
import { withEnvironment } from "./environment-words.ts";
import { BlueGreenError } from "./errors.ts";
import type { RouterReading, RouterRecord } from "./model.ts";
import { observe } from "./observation.ts";
import type { Observed, StackOutputs } from "./observation.ts";
import type { Platform, RouterOutputs } from "./platform.ts";
import { platformOf } from "./platforms/index.ts";
import { guardPlan } from "./guards/plan.ts";
import { RecordResource } from "./provider/record.ts";
import { readAllOutputs } from "./stacks.ts";
import { unprovenFlip, unprovenShare } from "./rules/proof.ts";
import { undeclared } from "./rules/schema.ts";
import type { Unproven } from "./rules/proof.ts";
import { seenServed, seenShared } from "./rules/traffic.ts";
import type { Transition } from "./rules/transition.ts";
import { applyRequest, guardRemoval, routesAfter } from "./rules/transition.ts";
import { instant } from "./rules/view.ts";
import { shareServed } from "./guards/share.ts";
import { openLine, serveOrReturn } from "./guards/verification.ts";
import type { Line } from "./guards/verification.ts";

export interface RouterRun {
  readonly settings: Settings;
  readonly context: ProgramContext;
}

export async function routerProgram({ settings, context }: RouterRun) {
  const platform = platformOf(settings);
  const view = await observeStacks(settings, platform, context);
  context.on?.({ kind: "Observed", record: view.record, drift: view.drift });
  const asked = context.request ?? { kind: "Obey" };
  const transition = applyRequest(view, asked, {
    declared: { activeColor: settings.activeColor, generation: settings.generation },
    name: `Pulumi.${settings.environment}.yaml`,
  });
  await tell(view, transition, context);
  const unproven = unprovenFlip(view, asked, transition);
  return register({ settings, context, platform, view, transition, unproven });
}

/** Fresh each time it is called: the guard asks again right before the flip. */
async function observeStacks(settings: Settings, platform: Platform, context: ProgramContext) {
  const outputs = await readAllOutputs(settings.environment, context);
  refuseOtherPlatform(settings, outputs);
  const nowMs = (context.now ?? Date.now)();
  return observe({ settings, platform, outputs, nowMs, override: overrideOf(context) });
}

/** A person who runs the engine by hand has no other way to say it. */
function overrideOf({ request, overrideFreeze }: ProgramContext): string | null {
  if (overrideFreeze !== undefined || request) return overrideFreeze ?? null;
  const said = process.env["BLUEGREEN_OVERRIDE_FREEZE"]?.trim() ?? "";
  return said === "" ? null : said;
}

function refuseOtherPlatform(settings: Settings, outputs: StackOutputs): void {
  const { platform, activeColor } = outputs.router ?? {};
  if (typeof platform !== "string" || platform === settings.platform) return;
  if (activeColor === undefined || activeColor === null) return;
  throw new BlueGreenError(
    "ROUTER_ACTIVE",
    `traffic hangs on platform ${platform}, the settings say ${settings.platform}`,
    { hint: "take the environment down first, or make a new environment on the other platform" },
  );
}

async function tell(view: Observed, transition: Transition, context: ProgramContext) {
  const { drift } = view;
  const follows = drift.kind === "silent" ? "the record stands" : "the data plane is followed";
  const notes = drift.kind === "none" ? [] : [`${drift.sentence}: ${follows}`];
  const unknown = undeclared(view, transition.activation?.color ?? null);
  for (const sentence of [...notes, ...transition.notes, ...unknown]) {
    context.on?.({ kind: "Noted", sentence });
    if (!context.on) await pulumi.log.warn(withEnvironment(sentence, view.environment));
  }
  context.on?.({ kind: "Planned", record: transition.record });
}

interface Registration extends RouterRun {
  readonly platform: Platform;
  readonly view: Observed;
  readonly transition: Transition;
  readonly unproven: Unproven | null;
}

function register(run: Registration): Record<string, unknown> {
  const { settings, context, platform, view, transition } = run;
  const next = transition.record;
  const routes = routesAfter(view, transition);
  const guard = activationGuard({
    settings,
    activation: transition.activation,
    context,
    observe: () => observeStacks(settings, platform, context),
  });
  const line = openLine(run);
  const plan = guardPlan({
    environment: settings.environment,
    allowed: allowedTypes(run),
    flipTypes: platform.flipTypes,
    beforeFlip: async () => {
      await guard();
      await line?.open();
      if (transition.activation) context.on?.({ kind: "Flipping" });
    },
    beforeDelete: () => {
      guardRemoval(view, next);
    },
    onRefusal: (error) => context.on?.({ kind: "Refused", error }),
    advice: `the router may have traffic: use \`bluegreen down\`, or pulumi destroy --run-program`,
  });
  const { environment } = settings;
  const router = platform.router(environment, { settings, routes }, plan.options);
  const served = router.outputs.apply((outputs) => proven(run, outputs, line));
  const stored = new RecordResource(
    `${environment}-record`,
    { record: served.apply((shared) => recordAfter(run, shared)), platform: platform.name },
    { dependsOn: [router], hooks: plan.recordHooks },
  );
  return { ...outputsOf(stored.record), platform: stored.platform, url: router.outputs.url };
}

/**
 * @returns what the router says of a share that was moved; null where none was
 * @throws SWITCH_NOT_SERVED after the router was set back, or left as it is by a rollback or a share
 * @throws CLAIMED where somebody else moved traffic while a share was proven
 */
async function proven(
  run: Registration,
  outputs: RouterOutputs,
  line: Line | null,
): Promise<RouterReading | null> {
  const { view, unproven, transition } = run;
  if (unprovenShare(transition)) {
    const routes = routesAfter(view, transition);
    return pulumi.runtime.isDryRun() ? null : shareServed({ ...run, routes });
  }
  if (!unproven) return null;
  const { color, rollback, former } = unproven;
  const activation = transition.activation ?? { color, rollback, expected: {} };
  await serveOrReturn({
    ...run,
    outputs,
    line,
    former: { ...view, ...former },
    transition: { ...transition, activation },
  });
  return null;
}

/** Known once the flip was seen in the data plane. */
function recordAfter(
  { transition, unproven, context }: Registration,
  shared: RouterReading | null,
): RouterRecord {
  if ((!unproven && !shared) || pulumi.runtime.isDryRun()) return transition.record;
  const at = instant((context.now ?? Date.now)());
  const record = shared
    ? seenShared(transition.record, shared, at)
    : seenServed(transition.record, at);
  context.on?.({ kind: "Planned", record });
  return record;
}

/** A step of a rollout may touch what flips only; null: anything, as nobody is served or to be. */
function allowedTypes({ context, platform, view }: Registration): readonly string[] | null {
  const { request } = context;
  if (!request || view.record.activeColor === null) return null;
  const free = ["Obey", "Keep", "Deactivate"].includes(request.kind);
  return free ? null : platform.flipTypes;
}

/** One stack output per field, so that `pulumi stack output` reads well. */
function outputsOf(record: pulumi.Output<RouterRecord>): Record<string, unknown> {
  const fields = [
    "schema",
    "activeColor",
    "weights",
    "declared",
    "generation",
    "previousRelease",
    "claim",
    "retiring",
    "switchedAt",
    "rollbackUntil",
    "pins",
    "rollout",
    "shrinking",
    "database",
  ] as const satisfies readonly (keyof RouterRecord)[];
  return Object.fromEntries(fields.map((field) => [field, record.apply((all) => all[field])]));
}
