/** A color's stack: everything that serves one release. */

import * as pulumi from "@pulumi/pulumi";
import type { ColorView, Filled, Wanted } from "./rules/color.ts";
import {
  filled,
  guardColor,
  guardEmptying,
  keepsServing,
  kept,
  serves,
  settle,
} from "./rules/color.ts";
import type { Settings } from "./config.ts";
import type { ProgramContext } from "./context.ts";
import { BlueGreenError } from "./errors.ts";
import { freezeGiven, givenOf } from "./given.ts";
import type { Color, ColorOutputs, Release, SchemaRange } from "./model.ts";
import { isServed } from "./model.ts";
import { schemaWith } from "./rules/record.ts";
import { observe } from "./observation.ts";
import { guardPlan } from "./guards/plan.ts";
import { componentOf } from "./own-color/release.ts";
import type { Frozen, Platform } from "./platform.ts";
import { platformOf } from "./platforms/index.ts";
import type { ColorRequest } from "./rules/request.ts";
import { heldAfter } from "./rules/warm.ts";
import { readAllOutputs } from "./stacks.ts";

export interface ColorRun {
  readonly settings: Settings;
  readonly color: Color;
  readonly context: ProgramContext;
}

export async function colorProgram(run: ColorRun): Promise<Record<string, unknown>> {
  const { settings, color, context } = run;
  const platform = platformOf(settings);
  const view = await observeColor(run, platform);
  const { asked, plan } = await judgeColor({
    settings,
    platform,
    view,
    asked: context.colorRequest ?? { kind: "Obey" },
    store: !pulumi.runtime.isDryRun(),
  });
  const guarded = guardPlan({
    environment: settings.environment,
    allowed: null,
    flipTypes: [],
    beforeFlip: () => Promise.resolve(),
    beforeDelete: () => {
      if (!refilled(view, asked, plan)) guardEmptying(view);
    },
    onRefusal: (error) => context.on?.({ kind: "Refused", error }),
    advice: `${color} may have traffic: use \`bluegreen retire\` before pulumi destroy --run-program`,
  });
  if (plan && !givenOf(settings, color)) {
    await platform.prepare?.({ settings, color, frozen: plan.frozen, serves: serves(view) });
  }
  if (!pulumi.runtime.isDryRun()) context.on?.({ kind: "Changing" });
  if (!plan) return {};
  return register(run, platform, { ...plan, view, asked }, guarded.options);
}

/**
 * What an update would make of a color, before anything of it runs; no plan is an emptied color.
 * @throws COLOR_SERVES, NOT_CLAIMED, RELEASE_PINNED, COLOR_RETIRING, SETTINGS_INVALID
 */
export async function judgeColor(
  planning: Planning,
): Promise<{ readonly asked: ColorRequest; readonly plan: ColorPlan | null }> {
  const { view } = planning;
  const asked = settle(planning.asked, view);
  const plan = await planColor({ ...planning, asked });
  guardColor(view, asked, plan && { release: plan.frozen.release, size: plan.size });
  if (asked.kind === "Obey" && plan) refuseUnnamed(planning, plan.frozen.release);
  return { asked, plan };
}

async function observeColor({ settings, color, context }: ColorRun, platform: Platform) {
  const { environment } = settings;
  const outputs = await readAllOutputs(environment, context);
  const nowMs = (context.now ?? Date.now)();
  const seen = await observe({ settings, platform, outputs, nowMs });
  return { color, environment, record: seen.record, current: seen.colors[color], nowMs };
}

export interface ColorPlan {
  readonly frozen: Frozen;
  readonly size: number;
  readonly rolloutId: string;
  /** As the settings say; of a release that is brought back, as they said then. */
  readonly works: SchemaRange | null;
}

export interface Planning {
  readonly settings: Settings;
  readonly platform: Platform;
  readonly view: ColorView;
  readonly asked: ColorRequest;
  /** Whether the release may be stored; never in a preview. */
  readonly store: boolean;
}

/** What the color is to hold; null for nothing. */
async function planColor(planning: Planning): Promise<ColorPlan | null> {
  const { settings, platform, view, asked, store } = planning;
  const { current } = view;
  if (asked.kind === "Empty") return null;
  if (asked.kind === "Keep" || asked.kind === "Shrink") {
    const frozen = current && { release: current.release, spec: current.spec };
    const works = current?.works ?? null;
    return frozen && { frozen, works, ...sizeAndId(kept(current, asked)) };
  }
  const version = asked.kind === "Provision" ? asked.version : fileVersion(settings, current);
  const given = givenOf(settings, view.color);
  const frozen = given
    ? freezeGiven(given, version)
    : await platform.freeze(settings, { version, store });
  const configured = given ? given.addresses.length : platform.size(settings);
  const { works } = settings.migrations;
  const { release } = frozen;
  return { frozen, works, ...sizeAndId(filled(view, asked, { release, configured })) };
}

function sizeAndId({ size, rolloutId }: Filled): Omit<ColorPlan, "frozen" | "works"> {
  return { size, rolloutId };
}

function fileVersion(settings: Settings, current: ColorOutputs | null): string {
  const version = settings.version ?? current?.release.version;
  if (version !== undefined) return version;
  throw new BlueGreenError("SETTINGS_INVALID", "bluegreen:version isn't set", { hint: nameIt });
}

const nameIt = "name the release in the settings file, or run `bluegreen deploy --version VERSION`";

/** Another release doesn't get the version of the one that the color holds without being told so. */
function refuseUnnamed({ settings, view: { current, color } }: Planning, next: Release): void {
  if (settings.version !== null || !current || current.release.digest === next.digest) return;
  throw new BlueGreenError(
    "SETTINGS_INVALID",
    `bluegreen:version isn't set, and what would fill ${color} isn't its ${current.release.version} any more`,
    { hint: nameIt },
  );
}

/** True when this update replaces what the color held by leave of its claim. */
function refilled(view: ColorView, asked: ColorRequest, plan: ColorPlan | null): boolean {
  if (!plan || isServed(view.record.weights, view.color)) return false;
  const wanted: Wanted = { release: plan.frozen.release, size: plan.size };
  return asked.kind === "Provision" || !keepsServing(view.current, wanted);
}

const shownFields = [
  "schema",
  "color",
  "release",
  "addresses",
  "rolloutId",
  "size",
  "held",
  "readyInMs",
  "given",
  "component",
  "works",
] as const satisfies readonly (keyof ColorOutputs)[];

function register(
  { settings, color, context }: ColorRun,
  platform: Platform,
  plan: ColorPlan & Pick<Planning, "view" | "asked">,
  opts: pulumi.ComponentResourceOptions,
): Record<string, unknown> {
  const { frozen, size, rolloutId, works, view, asked } = plan;
  const beganMs = performance.now();
  const given = givenOf(settings, color);
  const addresses = given
    ? pulumi.output(given.addresses)
    : platform.color(
        `${settings.environment}-${color}`,
        { settings, color, frozen, size, rolloutId },
        opts,
      ).addresses;
  const outputs = addresses.apply((known): ColorOutputs => {
    const held = heldAfter(view, asked, { digest: frozen.release.digest, size });
    const filled = {
      schema: schemaWith(works, held),
      color,
      release: frozen.release,
      addresses: known,
      rolloutId,
      size: given ? known.length : size,
      held,
      readyInMs: readyIn(view, plan, performance.now() - beganMs),
      given: given !== null,
      component: componentOf(frozen),
      works,
      spec: frozen.spec,
    };
    if (!pulumi.runtime.isDryRun()) context.on?.({ kind: "Filled", outputs: filled });
    return filled;
  });
  const shown = shownFields.map((field) => [field, outputs.apply((all) => all[field])]);
  const spec = pulumi.secret(addresses.apply(() => frozen.spec));
  return { ...(Object.fromEntries(shown) as Record<string, unknown>), spec };
}

/** Measured where instances were started, else as it was; a preview starts none. */
function readyIn(
  { current }: ColorView,
  { frozen, size }: ColorPlan,
  measuredMs: number,
): number | null {
  const same = current?.release.digest === frozen.release.digest;
  if (same && size <= current.size) return current.readyInMs ?? null;
  return pulumi.runtime.isDryRun() ? null : Math.round(measuredMs);
}
