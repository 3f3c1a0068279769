/** Writes the router past the engine: traffic goes back, and a mark tells the next update of it. */

import type { Clock } from "../../infra/clock.ts";
import { systemClock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Color, ColorOutputs, DirectMark, RouterReading } from "../../infra/model.ts";
import { byHand, otherColor, perColor, weightsOf } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import { verifyServed } from "../../infra/probe.ts";
import { unfitRelease } from "../../infra/rules/schema.ts";
import { instant } from "../../infra/rules/view.ts";
import type { DirectWay } from "../ports.ts";

/** Whose router it is. */
export interface Written {
  readonly platform: Pick<Platform, "name" | "read" | "flip" | "url">;
  readonly settings: Settings;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: through the public address. */
  readonly prove?: typeof verifyServed;
}

export interface DirectFlip {
  readonly to: Color;
  readonly reading: RouterReading;
  /** Null where the record can't be read: the router alone says what there is. */
  readonly view: Observed | null;
  readonly reason: string;
  readonly by: string;
  /** Pin the release that is left, where it is known. */
  readonly pin: boolean;
}

/**
 * Returns the mark that it left.
 * @throws ROLLBACK_IMPOSSIBLE, SCHEMA_UNFIT, USAGE where the platform can't, SWITCH_STUCK, and what it throws
 */
export async function flipDirectly(written: Written, asked: DirectFlip): Promise<DirectMark> {
  await refuseUnready(written, asked);
  const mark = markOf(asked, (written.clock ?? systemClock).now());
  await flip(written, asked.to, mark);
  await prove(written, asked);
  return mark;
}

/** The loop's way back. */
export function directWay(written: Written): DirectWay {
  return {
    flip: async (view, to, { reason, by, pin }) => {
      await flipDirectly(written, { to, reading: view.reading, view, reason, by, pin });
    },
  };
}

/** One ready instance among those that the router knows is enough, and needed. */
async function refuseUnready(
  { platform, settings }: Written,
  { reading, to, view }: DirectFlip,
): Promise<void> {
  const held = view?.colors[to];
  const wrong = view && held ? unfitRelease(view.record, held) : null;
  if (wrong) throw wrong;
  const addresses = reading.attached[to];
  const outputs = held ?? attachedAs(to, addresses);
  const colors = perColor((color) => (color === to && addresses.length > 0 ? outputs : null));
  const { targets } = await platform.read({ settings, colors });
  if (targets[to].ready > 0 || (addresses.length > 0 && !targets[to].reachable)) return;
  throw new BlueGreenError("ROLLBACK_IMPOSSIBLE", `${to} has no ready instance in the router`, {
    hint: "deploy a fixed release; there is nothing to return to",
    details: targets[to].problems,
  });
}

/** What the router knows of a color, in the form of a color's outputs, for its health only. */
function attachedAs(color: Color, addresses: readonly string[]): ColorOutputs {
  return {
    schema: 1,
    color,
    release: { version: "unknown", digest: "unknown" },
    addresses,
    rolloutId: byHand,
    size: addresses.length,
    given: true,
    spec: null,
  };
}

function markOf({ to, reading, view, reason, by, pin }: DirectFlip, nowMs: number): DirectMark {
  const known = Math.max(reading.generation ?? 0, view?.record.generation ?? 0);
  const at = instant(nowMs);
  const left = view?.colors[otherColor(to)]?.release;
  const pinned = pin && left ? { ...left, reason, by, at, until: null } : null;
  // Out of a shift forth and back are two changes, and a switch on its way comes too late.
  const changes = (reading.weights?.[to] ?? 0) > 0 ? 2 : 1;
  return { generation: known + changes, at, by, reason, pin: pinned };
}

async function flip({ platform, settings }: Written, to: Color, mark: DirectMark): Promise<void> {
  if (!platform.flip) {
    throw new BlueGreenError("USAGE", `platform ${platform.name} has no direct way back`, {
      hint: "use `bluegreen rollback` without --direct",
    });
  }
  const { generation } = mark;
  await platform.flip(
    { settings, colors: perColor(() => null) },
    { weights: weightsOf(to), generation, rolloutId: byHand, mark, former: null },
  );
}

async function prove(
  { platform, settings, prove: ask = verifyServed }: Written,
  { to, reading }: DirectFlip,
): Promise<void> {
  const seen = await ask({
    url: reading.url ?? platform.url(settings),
    path: settings.probe.path,
    color: to,
    count: settings.probe.count,
    withinMs: settings.switchWithinMs,
    timeoutMs: settings.probe.timeoutMs,
  });
  if (seen.served) return;
  throw new BlueGreenError("SWITCH_STUCK", `the router was set to ${to}, but ${seen.reason}`, {
    hint: `look at \`bluegreen logs ${to}\` and \`bluegreen doctor\``,
  });
}
