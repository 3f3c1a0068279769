/** The way back past the engine: writes the router itself, and a mark for the next update. */

import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { Color, DirectMark, RouterReading, Weights } from "../../infra/model.ts";
import { activeOf, hasAll, otherColor, perColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { personOf } from "../../infra/rules/owner.ts";
import { adviceOn, bringBack } from "../../infra/rules/router-advice.ts";
import { formerColor } from "../../infra/rules/roles.ts";
import type { CommandContext } from "../command.ts";
import { thisOwner } from "../owner.ts";
import { leaving } from "../rollout-events.ts";
import type { Opened, Session } from "../session.ts";
import { openSettings } from "../session.ts";
import { flipDirectly } from "./direct-flip.ts";
import { writeTraffic } from "./write-back.ts";

export interface DirectRollBackOptions {
  readonly reason: string;
  /** Pin the release that is left. */
  readonly pin: boolean;
  /** Write the color into the settings file. */
  readonly write: boolean;
}

/** What a direct way back needs of the settings. */
export interface SettingsAtHand extends Pick<Opened, "settings" | "platform"> {
  /** Null: it can't be used, so nothing is written into it. */
  readonly settingsFile: string | null;
}

/**
 * Leaves the mark from which the next `up` takes generation and pin.
 * @throws ROUTER_DOWN, NOTHING_TO_ROLL_BACK, ROLLBACK_IMPOSSIBLE, SWITCH_STUCK
 */
export async function rollBackDirectly(
  context: CommandContext,
  options: DirectRollBackOptions,
  session: Session | null,
  kept: SettingsAtHand | null = null,
): Promise<void> {
  const { cwd, stack } = context.options;
  const { reporter } = context;
  const opened = session ?? kept ?? openSettings({ cwd, stack, reporter });
  const { platform, settings } = opened;
  if (session === null) await context.beginWithout(settings);
  const reading = await platform.read({ settings, colors: perColor(() => null) });
  if (reading.weights && reading.mark && !reading.mark.setBack) {
    if (options.write) catchUp(opened, reading.weights, reading.mark, context);
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
  if (hasAll(weights, to)) throw nowhere(`${to} has all traffic already`);
  const { reason, pin } = options;
  reporter.on({ kind: "Begun", action: `direct flip to ${to}`, phase: null });
  const mark = await flipDirectly(opened, {
    ...{ to, reading, view, reason, pin },
    by: personOf(thisOwner()),
  });
  if (pin && !mark.pin) reporter.on({ kind: "Noted", sentence: unpinned(otherColor(to)) });
  const small = fewer(reading, to);
  if (small !== null) reporter.on({ kind: "Noted", sentence: small });
  const { generation } = mark;
  if (options.write && opened.settingsFile !== null) {
    writeTraffic(opened.settingsFile, { activeColor: to, generation }, (event) => {
      reporter.on(event);
    });
  }
  const sentence = `${to} is active again; the next \`bluegreen up\` takes this over`;
  reporter.on({ kind: "RolledBack", to, reason, ...leaving(view?.record.rollout ?? null, to) });
  reporter.on({ kind: "Finished", sentence, exitCode: 0 });
}

/** Whoever left the mark may not have come to write the file; what it says since then is a wish. */
function catchUp(
  { settings, settingsFile }: SettingsAtHand,
  weights: Weights,
  { generation }: DirectMark,
  { reporter }: CommandContext,
): void {
  const activeColor = activeOf(weights);
  const written = (settings.generation ?? -1) >= generation;
  if (settingsFile === null || activeColor === null || written) return;
  writeTraffic(settingsFile, { activeColor, generation }, (event) => {
    reporter.on(event);
  });
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
function servedWeights(reading: RouterReading): Weights {
  const { weights, problems } = reading;
  if (weights === null) {
    throw new BlueGreenError("ROUTER_DOWN", "the router can't be asked", {
      hint: adviceOn(reading, problems[0] ?? "") ?? bringBack,
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

/** The record, where the backend can still be read within the session's deadline. */
async function observeQuietly(session: Session): Promise<Observed | null> {
  try {
    return await session.environment.observe({ fresh: false });
  } catch (error) {
    session.on({ kind: "Noted", sentence: `the record can't be read: ${messageOf(error)}` });
    return null;
  }
}

/** Said where the color has fewer instances than the one that is left, as the router knows them. */
function fewer({ attached }: RouterReading, to: Color): string | null {
  const from = otherColor(to);
  const [size, full] = [attached[to].length, attached[from].length];
  if (size >= full) return null;
  const count = `${to} has ${size} ${size === 1 ? "instance" : "instances"} where ${from} had ${full}`;
  return `${count}: past the engine it doesn't grow; \`bluegreen up\` grows it if it was held warm`;
}

function unpinned(color: Color): string {
  return `${color}'s release isn't pinned, as it can't be read: pin it with \`bluegreen pin\``;
}
