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

/** A flip that was decided on. */
interface Way {
  readonly to: Color;
  /** Color that is left. */
  readonly from: Color;
  readonly mark: DirectMark;
}

/**
 * Leaves the mark from which the next `up` takes generation and pin.
 * @throws ROUTER_DOWN, NOTHING_TO_ROLL_BACK, ROLLBACK_IMPOSSIBLE, SWITCH_NOT_SERVED
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
  const to = directTarget(reading);
  if (session) refuseUnswitched(await observeQuietly(session), to);
  await refuseUnready(opened, reading, to, session);
  const way = { to, from: otherColor(to), mark: markOf(reading, options) };
  reporter.on({ kind: "Begun", action: `direct flip to ${to}`, phase: null });
  await flip(opened, way);
  await verify(opened, to);
  if (options.pin) await pinLeft(context, opened, way, session);
  const { generation } = way.mark;
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

/** @throws ROUTER_DOWN, NOTHING_TO_ROLL_BACK */
function directTarget(reading: RouterReading): Color {
  if (reading.weights === null) {
    throw new BlueGreenError("ROUTER_DOWN", "the router can't be asked", {
      hint: "bring it back: `bluegreen up`",
      details: reading.problems,
    });
  }
  const active = activeOf(reading.weights);
  if (active) return otherColor(active);
  throw new BlueGreenError("NOTHING_TO_ROLL_BACK", "no color has all the traffic");
}

/** What a rollout is filling or checking has never served: going there isn't going back. */
function refuseUnswitched(view: Observed | null, to: Color): void {
  const rollout = view?.record.rollout;
  const moved =
    rollout?.phase === "shift" || rollout?.phase === "bake" || rollout?.phase === "hold";
  if (!rollout || moved || rollout.color !== to) return;
  const sentence = `rollout ${rollout.id} has ${to} for ${rollout.version} and hasn't switched`;
  throw new BlueGreenError("NOTHING_TO_ROLL_BACK", sentence, {
    hint: "`bluegreen abort` ends that rollout",
  });
}

/** One ready instance among those that the router knows is enough, and needed. */
async function refuseUnready(
  { platform, settings }: Pick<Opened, "platform" | "settings">,
  reading: RouterReading,
  to: Color,
  session: Session | null,
): Promise<void> {
  const known = session ? await knownOutputs(session, to) : null;
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

async function knownOutputs(session: Session, to: Color): Promise<ColorOutputs | null> {
  const view = await observeQuietly(session);
  return view?.colors[to] ?? null;
}

/** The record, where the backend can still be read. */
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

function markOf(reading: RouterReading, { reason }: DirectRollBackOptions): DirectMark {
  const { user, host } = thisOwner();
  const generation = (reading.generation ?? 0) + 1;
  const at = new Date().toISOString();
  return { generation, at, by: `${user} on ${host}`, reason, pin: null };
}

async function flip({ platform, settings }: Opened, { to, mark }: Way): Promise<void> {
  if (!platform.flip) {
    throw new BlueGreenError("USAGE", `platform ${platform.name} has no direct way back`, {
      hint: "use `bluegreen rollback` without --direct",
    });
  }
  const { generation } = mark;
  await platform.flip(
    { settings, colors: perColor(() => null) },
    { weights: weightsOf(to), generation, rolloutId: byHand, mark },
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
  throw new BlueGreenError("SWITCH_NOT_SERVED", `the router was set to ${to}, but ${seen.reason}`, {
    hint: `look at \`bluegreen logs ${to}\``,
  });
}

/** After the flip, because the stacks are read for it: traffic doesn't wait for that. */
async function pinLeft(
  context: CommandContext,
  opened: Opened,
  way: Way,
  session: Session | null,
): Promise<void> {
  const release = await releaseLeft(context, way.from, session);
  if (release) {
    const { at, by, reason } = way.mark;
    const pin = { ...release, reason, by, at, until: null };
    await flip(opened, { ...way, mark: { ...way.mark, pin } });
    return;
  }
  const sentence = `${way.from}'s release isn't pinned, as it can't be read: pin it with \`bluegreen pin\``;
  context.reporter.on({ kind: "Noted", sentence });
}

async function releaseLeft(
  context: CommandContext,
  color: Color,
  session: Session | null,
): Promise<Release | null> {
  try {
    const known = session ?? (await context.openSession({ allowFetch: false }));
    return (await observeQuietly(known))?.colors[color]?.release ?? null;
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    context.reporter.on({ kind: "Noted", sentence: `${error.code}: ${error.message}` });
    return null;
  }
}
