/** Which stacks are to be previewed with what, for each thing that can be asked. */

import type { ColorView } from "../../infra/rules/color.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { judgeColor } from "../../infra/color-program.ts";
import type { Settings } from "../../infra/config.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { colors } from "../../infra/model.ts";
import type { Color, RouterRecord } from "../../infra/model.ts";
import type { Observed, StackOutputs } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import type { WantedPreview } from "./engine-preview.ts";
import type { StackFacts } from "./facts.ts";
import { isRefusal } from "./refusal.ts";
import type { Simulation } from "./simulation.ts";

export interface Situation {
  readonly settings: Settings;
  /** With secrets in clear; null where they can't be opened yet. */
  readonly revealed: Settings | null;
  readonly platform: Platform;
  readonly outputs: StackOutputs;
  readonly view: Observed;
}

/** What the driver would do: the router's update that moves traffic, and the idle color's. */
export function drivenPreviews(
  { settings, outputs }: Situation,
  { routerFirst, provisioning, flip, refusal }: Simulation,
): readonly WantedPreview[] {
  if (refusal) return [];
  const { environment, platform } = settings;
  const put = (record: RouterRecord) => ({ ...record, platform });
  const wanted: WantedPreview[] = [];
  if (routerFirst) {
    const context = { request: { kind: "Keep" } as const, assumed: outputs };
    wanted.push({ role: { environment, color: null }, exists: outputs.router !== null, context });
  } else if (flip) {
    const filled = provisioning?.color;
    const held = filled ? { ...outputs.colors, [filled]: null } : outputs.colors;
    const assumed = { router: put(flip.record), colors: held };
    const context = { request: flip.request, assumed };
    wanted.push({ role: { environment, color: null }, exists: true, context });
  }
  if (provisioning) {
    const { color, request, record, emptied } = provisioning;
    const exists = outputs.colors[color] !== null && !emptied;
    const held = emptied ? { ...outputs.colors, [color]: null } : outputs.colors;
    const context = { colorRequest: request, assumed: { router: put(record), colors: held } };
    wanted.push({ role: { environment, color }, exists, context });
  }
  return wanted;
}

/** What `pulumi up` of the router's stack would do with the settings file as it is. */
export function filePreview({ settings, outputs }: Situation): WantedPreview {
  const context = { request: { kind: "Obey" } as const, assumed: outputs };
  const { environment } = settings;
  return { role: { environment, color: null }, exists: outputs.router !== null, context };
}

/** A color's stack that a person could update by hand. */
export type HandPreview =
  /** Refused already, of what a person has claimed it for. */
  | { readonly kind: "judged"; readonly color: Color; readonly facts: StackFacts }
  /** The engine is to be asked. */
  | { readonly kind: "wanted"; readonly color: Color; readonly wanted: WantedPreview }
  /** Would be refused, but nobody has asked for it; the note says what that means, if anything. */
  | { readonly kind: "left"; readonly color: Color; readonly note: string | null };

/** Only colors that hold something, or that a person has claimed. */
export async function handPreviews(situation: Situation): Promise<readonly HandPreview[]> {
  const { outputs, view } = situation;
  const meant = colors.filter(
    (color) =>
      outputs.colors[color] !== null && (view.colors[color] !== null || isClaimed(view, color)),
  );
  return Promise.all(meant.map((color) => handPreview(situation, color)));
}

function isClaimed({ record: { rollout } }: Observed, color: Color): boolean {
  return rollout?.color === color && rollout.phase === "provision" && isByHand(rollout.id);
}

/** Refusals that are certain are found without the engine. */
async function handPreview(situation: Situation, color: Color): Promise<HandPreview> {
  const { settings, revealed, platform, outputs, view } = situation;
  const { environment } = settings;
  const wanted: WantedPreview = {
    role: { environment, color },
    exists: true,
    context: { colorRequest: { kind: "Obey" }, assumed: outputs },
  };
  if (!revealed) return { kind: "wanted", color, wanted };
  const { record, nowMs } = view;
  const seen: ColorView = { color, environment, record, current: view.colors[color], nowMs };
  const asked = { kind: "Obey" } as const;
  try {
    await judgeColor({ settings: revealed, platform, view: seen, asked, store: false });
    return { kind: "wanted", color, wanted };
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    if (isRefusal(error) && !isClaimed(view, color)) {
      return { kind: "left", color, note: error.code === "COLOR_SERVES" ? staysNote(color) : null };
    }
    const stack = `${environment}-${color}`;
    const facts = { stack, exists: true, events: [], changes: [], error };
    return { kind: "judged", color, facts };
  }
}

function staysNote(color: Color): string {
  return (
    `${color} stays as it is while it serves: the settings or files of now make another release ` +
    "or size, which `bluegreen deploy` puts into the idle color"
  );
}
