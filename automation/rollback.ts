/** The way back: through the engine, or past it where that can't be had in a few seconds. */

import { BlueGreenError, messageOf } from "../infra/errors.ts";
import type { Color, ColorOutputs, Pin, RouterReading } from "../infra/model.ts";
import { activeOf, byHand, otherColor, perColor, weightsOf } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { CommandContext } from "./command.ts";
import { thisOwner } from "./owner.ts";
import { pursue } from "./pursue.ts";
import type { Opened, Session } from "./session.ts";
import { openSettings } from "./session.ts";
import { verifyServed } from "../infra/probe.ts";

export interface RollBackOptions {
  readonly reason: string;
  readonly pin: boolean;
  readonly direct: boolean;
  /** Grow the former color to the size of the active one before it gets traffic. */
  readonly grow: boolean;
  readonly write: boolean;
}

/** The lock isn't waited for longer than this; then it goes direct. */
const lockMs = 5_000;

/** What keeps the engine from doing it, and doesn't keep the router from being written directly. */
const enginesFault: ReadonlySet<string> = new Set([
  "STACK_LOCKED",
  "ENGINE_FAILED",
  "ENGINE_MISSING",
  "PLAN_REFUSED",
  "BACKEND_MISSING",
  "BACKEND_UNREACHABLE",
  "PASSPHRASE_WRONG",
  "RECORD_BROKEN",
  "STORE_FAILED",
]);

export async function rollBack(context: CommandContext, options: RollBackOptions): Promise<void> {
  if (options.direct) {
    await rollBackDirectly(context, options, null);
    return;
  }
  let session: Session | null = null;
  try {
    session = await context.openSession({ lockMs });
    if (options.grow) await growFormer(session);
    const goal = { kind: "RollBackNow", reason: options.reason, pin: options.pin } as const;
    await pursue(context, session, { goal, write: options.write });
  } catch (error) {
    if (!(error instanceof BlueGreenError) || !enginesFault.has(error.code)) throw error;
    const sentence = `the engine can't do it (${error.code}: ${error.message}), going direct`;
    context.reporter.on({ kind: "Noted", sentence });
    await rollBackDirectly(context, options, session);
  }
}

/** A former color that was shrunk gets as many instances as the active one has. */
async function growFormer({ environment, on }: Session): Promise<void> {
  const { record, colors } = await environment.observe({ fresh: true });
  const active = record.activeColor && colors[record.activeColor];
  const former = record.activeColor && colors[otherColor(record.activeColor)];
  if (!active || !former || former.given || former.size >= active.size) return;
  const sentence = `growing ${former.color} from ${former.size} to ${active.size} instances first`;
  on({ kind: "Noted", sentence });
  await environment.updateColor(former.color, { kind: "Keep", size: active.size });
}

/** Writes the router itself and leaves the mark from which the next `up` takes over. */
async function rollBackDirectly(
  context: CommandContext,
  options: RollBackOptions,
  session: Session | null,
): Promise<void> {
  const { cwd, stack } = context.options;
  const opened = session ?? openSettings({ cwd, stack, reporter: context.reporter });
  const { platform, settings } = opened;
  const reading = await platform.read({ settings, colors: perColor(() => null) });
  if (reading.weights && reading.mark) {
    const sentence = `${activeOf(reading.weights) ?? "no color"} is active again already`;
    context.reporter.on({ kind: "Finished", sentence, exitCode: 0 });
    return;
  }
  const to = directTarget(reading);
  if (session) refuseUnswitched(await observeQuietly(session), to);
  await refuseUnready(opened, reading, to, session);
  await flip(context, opened, {
    reading,
    to,
    options,
    pin: await pinFor(session, reading, options),
  });
  const seen = await verifyServed({
    url: platform.url(settings),
    path: settings.probe.path,
    color: to,
    count: settings.probe.count,
    withinMs: settings.switchWithinMs,
    timeoutMs: settings.probe.timeoutMs,
  });
  if (!seen.served) {
    throw new BlueGreenError(
      "SWITCH_NOT_SERVED",
      `the router was set to ${to}, but ${seen.reason}`,
      {
        hint: `look at \`bluegreen logs ${to}\``,
      },
    );
  }
  const sentence = `${to} is active again; the next \`bluegreen up\` takes this over`;
  context.reporter.on({ kind: "RolledBack", to, reason: options.reason });
  context.reporter.on({ kind: "Finished", sentence, exitCode: 0 });
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

async function pinFor(
  session: Session | null,
  reading: RouterReading,
  { pin, reason }: RollBackOptions,
): Promise<Pin | null> {
  if (!pin || !session || !reading.weights) return null;
  const left = activeOf(reading.weights);
  const view = await observeQuietly(session);
  const release = left && view?.colors[left]?.release;
  if (!release) return null;
  const { user, host } = thisOwner();
  const at = new Date().toISOString();
  return { ...release, reason, by: `${user} on ${host}`, at, until: null };
}

async function flip(
  context: CommandContext,
  { platform, settings }: Pick<Opened, "platform" | "settings">,
  change: {
    readonly reading: RouterReading;
    readonly to: Color;
    readonly options: RollBackOptions;
    readonly pin: Pin | null;
  },
): Promise<void> {
  const { reading, to, options, pin } = change;
  if (!platform.flip) {
    throw new BlueGreenError("USAGE", `platform ${platform.name} has no direct way back`, {
      hint: "use `bluegreen rollback` without --direct",
    });
  }
  const { user, host } = thisOwner();
  const generation = (reading.generation ?? 0) + 1;
  const at = new Date().toISOString();
  const mark = { generation, at, by: `${user} on ${host}`, reason: options.reason, pin };
  context.reporter.on({ kind: "Begun", action: `direct flip to ${to}`, phase: null });
  await platform.flip(
    { settings, colors: perColor(() => null) },
    { weights: weightsOf(to), generation, rolloutId: byHand, mark },
  );
}
