/** The way back past the engine: writes the router itself, and a mark for the next update. */

import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type {
  Color,
  ColorOutputs,
  DirectMark,
  Release,
  RouterReading,
  Weights,
} from "../../infra/model.ts";
import { activeOf, byHand, otherColor, perColor, weightsOf } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { formerColor } from "../../infra/rules/roles.ts";
import type { CommandContext } from "../command.ts";
import { thisOwner } from "../owner.ts";
import type { Opened, Session } from "../session.ts";
import { openSettings } from "../session.ts";
import { verifyServed } from "../../infra/probe.ts";
import { writeTraffic } from "./write-back.ts";

export interface DirectRollBackOptions {
  readonly reason: string;
  /** Pin the release that is left. */
  readonly pin: boolean;
  /** Write the color into the settings file. */
  readonly write: boolean;
}

/**
 * Leaves the mark from which the next `up` takes generation and pin.
 * @throws ROUTER_DOWN, NOTHING_TO_ROLL_BACK, ROLLBACK_IMPOSSIBLE, SWITCH_STUCK
 */
export async function rollBackDirectly(
  context: CommandContext,
  options: DirectRollBackOptions,
  session: Session | null,
): Promise<void> {
  const { cwd, stack } = context.options;
  const { reporter } = context;
  const opened = session ?? openSettings({ cwd, stack, reporter });
  const { platform, settings } = opened;
  const reading = await platform.read({ settings, colors: perColor(() => null) });
  if (reading.weights && reading.mark) {
    reporter.on({
      kind: "Finished",
      sentence: doneAlready(reading.weights, reading.mark),
      exitCode: 0,
    });
    return;
  }
  const weights = servedWeights(reading);
  const view = session ? await observeQuietly(session) : null;
  const to = view ? formerColor(view.record) : storedFormer(reading);
  if (weights[to] === 100) throw nowhere(`${to} has all traffic already`);
  await refuseUnready(opened, reading, to, view?.colors[to] ?? null);
  const left = view?.colors[otherColor(to)]?.release ?? null;
  const mark = markOf(reading, options, left);
  reporter.on({ kind: "Begun", action: `direct flip to ${to}`, phase: null });
  await flip(opened, to, mark);
  await verify(opened, to);
  if (options.pin && !left) reporter.on({ kind: "Noted", sentence: unpinned(otherColor(to)) });
  const { generation } = mark;
  if (options.write) {
    writeTraffic(opened.settingsFile, { activeColor: to, generation }, (event) => {
      reporter.on(event);
    });
  }
  const sentence = `${to} is active again; the next \`bluegreen up\` takes this over`;
  reporter.on({ kind: "RolledBack", to, reason: options.reason });
  reporter.on({ kind: "Finished", sentence, exitCode: 0 });
}

/** The router keeps a rollback's mark for as long as its weights: going on would go forth again. */
function doneAlready(weights: Weights, { by, at, reason }: DirectMark): string {
  const active = activeOf(weights);
  const forth = active
    ? `; to go forth on purpose: \`bluegreen switch ${otherColor(active)}\``
    : "";
  return `${active ?? "no color"} is active again already, ${by} rolled back at ${at}: ${reason}${forth}`;
}

/** @throws ROUTER_DOWN, NOTHING_TO_ROLL_BACK while nothing is served */
function servedWeights({ weights, problems }: RouterReading): Weights {
  if (weights === null) {
    throw new BlueGreenError("ROUTER_DOWN", "the router can't be asked", {
      hint: "bring it back: `bluegreen up`",
      details: problems,
    });
  }
  if (weights.blue + weights.green > 0) return weights;
  throw nowhere("no color has traffic");
}

/**
 * Without the record: what the router was told with its last flip. What has never had traffic, was
 * filled anew or emptied since, or is pinned isn't where to return to.
 * @throws NOTHING_TO_ROLL_BACK
 */
function storedFormer({ former }: RouterReading): Color {
  if (former) return former;
  throw nowhere("the record can't be read, and the router knows no former color to return to");
}

function nowhere(sentence: string): BlueGreenError {
  return new BlueGreenError("NOTHING_TO_ROLL_BACK", sentence, {
    hint: "`bluegreen switch COLOR` moves traffic on purpose, once the backend can be read",
  });
}

/** One ready instance among those that the router knows is enough, and needed. */
async function refuseUnready(
  { platform, settings }: Pick<Opened, "platform" | "settings">,
  reading: RouterReading,
  to: Color,
  known: ColorOutputs | null,
): Promise<void> {
  const addresses = reading.attached[to];
  const outputs = known ?? attachedAs(to, addresses);
  const colors = perColor((color) => (color === to && addresses.length > 0 ? outputs : null));
  const { targets } = await platform.read({ settings, colors });
  if (targets[to].ready > 0 || (addresses.length > 0 && !targets[to].reachable)) return;
  throw new BlueGreenError("ROLLBACK_IMPOSSIBLE", `${to} has no ready instance in the router`, {
    hint: "deploy a fixed release; there is nothing to return to",
    details: targets[to].problems,
  });
}

/** The record, where the backend can still be read within the session's deadline. */
async function observeQuietly(session: Session): Promise<Observed | null> {
  try {
    return await session.environment.observe({ fresh: false });
  } catch (error) {
    session.on({ kind: "Noted", sentence: `the record can't be read: ${messageOf(error)}` });
    return null;
  }
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

function markOf(
  reading: RouterReading,
  { reason, pin }: DirectRollBackOptions,
  left: Release | null,
): DirectMark {
  const { user, host } = thisOwner();
  const generation = (reading.generation ?? 0) + 1;
  const at = new Date().toISOString();
  const by = `${user} on ${host}`;
  const pinned = pin && left ? { ...left, reason, by, at, until: null } : null;
  return { generation, at, by, reason, pin: pinned };
}

function unpinned(color: Color): string {
  return `${color}'s release isn't pinned, as it can't be read: pin it with \`bluegreen pin\``;
}

async function flip({ platform, settings }: Opened, to: Color, mark: DirectMark): Promise<void> {
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

async function verify({ platform, settings }: Opened, to: Color): Promise<void> {
  const seen = await verifyServed({
    url: platform.url(settings),
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
