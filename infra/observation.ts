/** Reads the record, both colors and the data plane, and brings them in line. */

import type { Settings } from "./config.ts";
import { perColor } from "./model.ts";
import type { PerColor, RouterRecord } from "./model.ts";
import type { Platform } from "./platform.ts";
import { adopt } from "./rules/adoption.ts";
import { frozenAt } from "./freeze.ts";
import { parseColorOutputs, parseRecord } from "./rules/record.ts";
import type { View } from "./rules/view.ts";
import { instant } from "./rules/view.ts";

export type Outputs = Readonly<Record<string, unknown>>;

/** Outputs of the three stacks; null where a stack doesn't exist. */
export interface StackOutputs {
  readonly router: Outputs | null;
  readonly colors: PerColor<Outputs | null>;
}

export interface Observed extends View {
  /** As it stands in the router's stack, before the data plane had its say. */
  readonly stored: RouterRecord;
}

/**
 * Asks the data plane and decides what is true.
 * @throws RECORD_NEWER, RECORD_BROKEN
 */
export async function observe(args: {
  readonly settings: Settings;
  readonly platform: Pick<Platform, "read">;
  readonly outputs: StackOutputs;
  readonly nowMs: number;
  /** Why switches are allowed in a freeze; default: they aren't. */
  readonly override?: string | null | undefined;
}): Promise<Observed> {
  const { settings, platform, outputs, nowMs, override = null } = args;
  const stored = parseRecord(outputs.router ?? {});
  const colors = perColor((color) => parseColorOutputs(outputs.colors[color] ?? {}));
  const reading = await platform.read({ settings, colors });
  const { record, drift } = adopt({ record: stored, reading, colors, now: instant(nowMs) });
  const view = {
    record,
    drift,
    reading,
    colors,
    nowMs,
    rollbackWindowMs: settings.rollbackWindowMs,
    frozen: override === null ? frozenAt(settings.freeze, nowMs) : null,
  };
  return { ...view, environment: settings.environment, stored, record: withFormer(view, stored) };
}

/** An update that moved traffic and wasn't recorded leaves a former color, too. */
function withFormer(view: Omit<View, "environment">, stored: RouterRecord): RouterRecord {
  const { record, drift, colors, nowMs, rollbackWindowMs } = view;
  const former = stored.activeColor && colors[stored.activeColor];
  const moved = drift.kind === "interrupted" || drift.kind === "foreign";
  if (!moved || record.activeColor === stored.activeColor) return record;
  // A switch of ours that goes on has its window after its bake.
  const windowed = (drift.kind === "foreign" || record.rollout === null) && former;
  return {
    ...record,
    previousRelease: former ? { color: former.color, release: former.release } : null,
    rollbackUntil: windowed ? instant(nowMs + rollbackWindowMs) : null,
  };
}
