/** The way back: through the engine, or past it where that can't be had in a few seconds. */

import { join, resolve } from "node:path";
import { BlueGreenError } from "../../infra/errors.ts";
import { platformOf } from "../../infra/platforms/index.ts";
import type { CommandContext } from "../command.ts";
import { Deadline } from "../deadline.ts";
import { findKeptSettings } from "../kept-settings.ts";
import { readProject } from "../project.ts";
import { rollBackDirectly } from "./direct-rollback.ts";
import type { DirectRollBackOptions, SettingsAtHand } from "./direct-rollback.ts";
import { growingInTime } from "./growing-in-time.ts";
import { pursue } from "./pursue.ts";
import { isDeadHere } from "../owner.ts";
import { isShifting } from "../rollout/ownership.ts";
import { isEnginesFault } from "../rollout/engines-fault.ts";
import type { Session } from "../session.ts";

export interface RollBackOptions extends DirectRollBackOptions {
  readonly direct: boolean;
  /** Grow the former color to the size of the active one before it gets traffic. */
  readonly grow: boolean;
}

/** All that comes before the flip, the wait for a lock included; then it goes direct. */
const engineMs = 5_000;
/** The record is worth this much of a direct way back's time. */
const recordMs = 3_000;

export async function rollBack(context: CommandContext, options: RollBackOptions): Promise<void> {
  const kept = keptInPassing(context);
  if (options.direct || kept) {
    const session = kept ? null : await openInPassing(context);
    await rollBackDirectly(context, options, session, kept);
    return;
  }
  const deadline = new Deadline(engineMs);
  let session: Session | null = null;
  try {
    session = await open(context, deadline);
    if (await overtakesShift(session)) {
      await rollBackDirectly(context, options, session);
      return;
    }
    const { reason, pin, grow, write } = options;
    const environment = growingInTime(session, deadline);
    const goal = { kind: "RollBackNow", reason, pin, grow } as const;
    await pursue(context, { ...session, environment }, { goal, write });
  } catch (error) {
    if (!isEnginesFault(error)) throw error;
    const sentence = `the engine can't do it (${error.code}: ${error.message}), going direct`;
    context.reporter.on({ kind: "Noted", sentence });
    await rollBackDirectly(context, options, session);
  }
}

/** The engine takes its time, in which the run would go on to its next share; the router doesn't. */
async function overtakesShift({ environment, platform, on }: Session): Promise<boolean> {
  const { record } = await environment.observe({ fresh: true, ahead: true });
  if (!platform.flip || !isShifting(record, { isDead: isDeadHere })) return false;
  const sentence = "a run works on the shift: going direct, ahead of its next step";
  on({ kind: "Noted", sentence });
  return true;
}

function open(context: CommandContext, deadline: Deadline): Promise<Session> {
  return deadline.limit(() =>
    context.openSession({ lockMs: engineMs, allowFetch: false, deadline }),
  );
}

/**
 * Null where the settings file can be used. Otherwise the settings of the last update that was done
 * from here: they tell where the router is, and that one says itself what to return to.
 * @throws SETTINGS_UNREADABLE, SETTINGS_INVALID where none were kept
 */
function keptInPassing({ options, reporter }: CommandContext): SettingsAtHand | null {
  try {
    readProject(options);
    return null;
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const file = join(resolve(options.cwd), `Pulumi.${options.stack}.yaml`);
    const kept = findKeptSettings(file);
    if (kept === null) throw error;
    const { settings, at } = kept;
    const sentence = `without the settings file (${error.code}: ${error.message}), with a copy of ${at.toISOString()}`;
    reporter.on({ kind: "Noted", sentence });
    return { settings, platform: platformOf(settings), settingsFile: null };
  }
}

/** For what the record knows better than the router; it may be out of order, as everything then. */
async function openInPassing(context: CommandContext): Promise<Session | null> {
  try {
    return await open(context, new Deadline(recordMs));
  } catch (error) {
    if (!isEnginesFault(error)) throw error;
    context.reporter.on({ kind: "Noted", sentence: `without the record: ${error.message}` });
    return null;
  }
}
