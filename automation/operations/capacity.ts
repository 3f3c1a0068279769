/** Counts the instances of a color, and finds with what to compare them. */

import type { Settings } from "../../infra/config.ts";
import { hasOwnComponent } from "../../infra/model.ts";
import type { Color, RouterReading } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import type { Capacity, CapacityEqual } from "../checks/check.ts";

/** Asks the platform anew: instances come and go while checks run. */
export async function readCapacity(
  { settings, platform }: { readonly settings: Settings; readonly platform: Platform },
  view: Observed,
  color: Color,
): Promise<Capacity> {
  const reading = await platform.read({ settings, colors: view.colors });
  const target = reading.targets[color];
  return { target, equal: equalOf({ ...view, reading }, color, platform.size(settings)) };
}

/**
 * The active color's live size: what its stack says, or more where the platform added some; at a
 * first release the configured one. An address of a user's own component may stand before any
 * number of instances, so these are compared with each other only.
 */
export function equalOf(
  {
    record,
    colors,
    reading,
  }: Pick<Observed, "record" | "colors"> & {
    readonly reading: Pick<RouterReading, "targets">;
  },
  color: Color,
  configured: number,
): CapacityEqual | null {
  const held = colors[color];
  const made = held !== null && hasOwnComponent(held);
  const active = record.activeColor;
  const serving = active && colors[active];
  if (!active || !serving) {
    const unlike = made && reading.targets[color].total !== configured;
    return unlike ? null : { size: configured, color: null };
  }
  if (made !== hasOwnComponent(serving)) return null;
  const { total } = reading.targets[active];
  return { size: made ? total : Math.max(serving.size, total), color: active };
}
