/** The way back: through the engine, or past it where that can't be had in a few seconds. */

import { BlueGreenError } from "../../infra/errors.ts";
import { otherColor } from "../../infra/model.ts";
import type { CommandContext } from "../command.ts";
import { rollBackDirectly } from "./direct-rollback.ts";
import type { DirectRollBackOptions } from "./direct-rollback.ts";
import { pursue } from "./pursue.ts";
import type { Session } from "../session.ts";

export interface RollBackOptions extends DirectRollBackOptions {
  readonly direct: boolean;
  /** Grow the former color to the size of the active one before it gets traffic. */
  readonly grow: boolean;
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
  "STATE_BROKEN",
  "STORE_FAILED",
]);

export async function rollBack(context: CommandContext, options: RollBackOptions): Promise<void> {
  if (options.direct) {
    await rollBackDirectly(context, options, await openInPassing(context));
    return;
  }
  let session: Session | null = null;
  try {
    session = await context.openSession({ lockMs, allowFetch: false });
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

/** For what the record knows better than the router; it may be out of order, as everything then. */
async function openInPassing(context: CommandContext): Promise<Session | null> {
  try {
    return await context.openSession({ lockMs: 0, allowFetch: false });
  } catch (error) {
    if (!(error instanceof BlueGreenError) || !enginesFault.has(error.code)) throw error;
    context.reporter.on({ kind: "Noted", sentence: `without the record: ${error.message}` });
    return null;
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
