/** Brings an environment back as its record says: what serves comes first, and whatever else fails. */

import { BlueGreenError } from "../../infra/errors.ts";
import { longestStartMs } from "../../infra/config/platform-facts.ts";
import type { Color, RouterRecord } from "../../infra/model.ts";
import { colors, isServed, perColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { healthOf } from "../../infra/rules/health.ts";
import { adviceOn } from "../../infra/rules/router-advice.ts";
import { sizeBefore } from "../../infra/rules/warm.ts";
import type { Session } from "../session.ts";
import { makeStep } from "./step.ts";
import type { Step } from "./step.ts";

export type BringUpSession = Pick<
  Session,
  "environment" | "on" | "boundary" | "platform" | "settings" | "restoreStates"
>;

/**
 * The active color, then the router, then the idle color. A step that fails keeps no other from
 * being tried: without the idle color there is service, without the active one a way back.
 * Before a router that serves leaves its address for another one, a person is asked.
 * @throws BlueGreenError of the first step that failed, once all of them were tried
 */
export async function bringUp(
  session: BringUpSession,
  ask: Ask,
  { grow = false }: { readonly grow?: boolean } = {},
): Promise<void> {
  const { environment, on, platform, settings } = session;
  await session.restoreStates();
  const before = await environment.observe({ fresh: true });
  await askToLeave(before, platform.url(settings), ask);
  const serving = colors.filter((color) => serves(before.record, color));
  const idle = colors.filter((color) => !serves(before.record, color));
  const failures: BlueGreenError[] = [];
  for (const color of serving) await bringColor(session, before, { color, grow: true }, failures);
  // Its instances are known before the router is brought up: it then hears of all of them.
  await bringRouter(session, failures);
  for (const color of idle) await bringColor(session, before, { color, grow }, failures);
  const after = await environment.observe({ fresh: false });
  if (idle.some((color) => isUnknown(after, color))) await bringRouter(session, failures);
  const [first] = failures;
  if (first) throw first;
  const { record, reading } = after;
  for (const problem of reading.problems) {
    const advice = adviceOn(reading, problem);
    const todo = advice === null ? "" : `; ${advice}`;
    on({ kind: "Noted", sentence: `the router: ${problem}${todo}` });
  }
  const ready = perColor((color) => `${color} ${reading.targets[color].ready} ready`);
  const active = record.activeColor ?? "no color";
  const sentence = `${active} is active at ${platform.url(settings)} (${ready.blue}, ${ready.green})`;
  on({ kind: "Finished", sentence, exitCode: 0 });
}

/** Rejects where the answer isn't yes. */
export type Ask = (question: string) => Promise<void>;

async function askToLeave({ record, reading }: Observed, url: string, ask: Ask): Promise<void> {
  if (record.activeColor === null || reading.url === undefined || reading.url === url) return;
  await ask(`Clients of ${reading.url} will be refused, as the router goes to ${url}. Go on?`);
}

function serves({ weights, activeColor }: RouterRecord, color: Color): boolean {
  return isServed(weights, color) || activeColor === color;
}

async function bringColor(
  session: BringUpSession,
  view: Observed,
  { color, grow }: { readonly color: Color; readonly grow: boolean },
  failures: BlueGreenError[],
): Promise<void> {
  const { colors: outputs, record, reading } = view;
  const held = outputs[color];
  if (!held || held.given || record.retiring === color) return;
  const size = grow ? sizeBefore(view, color) : null;
  const target = reading.targets[color];
  if (size === null && healthOf(target) === "healthy" && target.problems.length === 0) return;
  const words = {
    ...(size === null
      ? { point: `Keep ${color}`, action: `bring ${color} back`, done: `${color} is back` }
      : { point: `Grow ${color}`, action: `grow ${color} to ${size} instances` }),
    mayTakeMs: longestStartMs(session.settings),
  };
  await step(session, words, failures, () =>
    session.environment.updateColor(color, { kind: "Keep", size }),
  );
}

function bringRouter(session: BringUpSession, failures: BlueGreenError[]): Promise<void> {
  const words = { point: "Keep", action: "bring the router up", done: "the router is up" };
  return step(session, words, failures, () => session.environment.updateRouter({ kind: "Keep" }));
}

/** True when a color came back on addresses that the router hasn't heard of. */
function isUnknown({ colors: outputs, record, reading }: Observed, color: Color): boolean {
  const held = outputs[color];
  const attached = reading.attached[color];
  if (!held || record.retiring === color || attached.length === 0) return false;
  return held.addresses.some((address) => !attached.includes(address));
}

async function step(
  session: BringUpSession,
  words: Step,
  failures: BlueGreenError[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await makeStep(session, words, work);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    failures.push(error);
    const sentence = `couldn't ${words.action} (${error.code}: ${error.message})`;
    session.on({ kind: "Noted", sentence });
  }
}
