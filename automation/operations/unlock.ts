/** Frees locks that a person has looked at; a live process's lock is only shown. */

import { BlueGreenError } from "../../infra/errors.ts";
import { colors } from "../../infra/model.ts";
import { stackName } from "../../infra/stacks.ts";
import type { CommandContext } from "../command.ts";
import { describeLock, removeLock, stackLocks } from "../engine/lock.ts";
import type { StackLock } from "../engine/lock.ts";
import { confirm } from "../question.ts";
import type { Session } from "../session.ts";

interface Held {
  readonly stack: string;
  readonly lock: StackLock;
}

/** @throws STACK_LOCKED when only live processes hold locks */
export async function freeLocks(context: CommandContext): Promise<void> {
  const session = await context.openSession();
  const held = await heldLocks(session);
  if (held === "unknown") {
    await confirm(context, "This backend doesn't say who holds a lock. Cancel all updates?");
    await cancelAll(session);
    session.on({ kind: "Finished", sentence: "updates under way were cancelled", exitCode: 0 });
    return;
  }
  if (held.length === 0) {
    session.on({ kind: "Finished", sentence: "no stack is locked", exitCode: 0 });
    return;
  }
  for (const { stack, lock } of held) {
    session.on({ kind: "Noted", sentence: `${stack}: ${describeLock(lock, Date.now())}` });
  }
  const free = held.filter(({ lock }) => lock.state !== "live");
  if (free.length === 0) {
    throw new BlueGreenError("STACK_LOCKED", "every lock belongs to a process that is alive", {
      hint: "wait for it, or end that process first",
    });
  }
  await confirm(context, `Free ${free.length} lock${free.length === 1 ? "" : "s"}?`);
  for (const { lock } of free) await removeLock(lock);
  session.on({ kind: "Finished", sentence: `${free.length} freed`, exitCode: 0 });
}

async function heldLocks(session: Session): Promise<readonly Held[] | "unknown"> {
  const { backend, project, cwd, settings } = session;
  const held: Held[] = [];
  for (const color of [null, ...colors]) {
    const stack = stackName({ environment: settings.environment, color });
    const locks = await stackLocks({ url: backend.url, project, stack, cwd });
    if (locks === "unknown") return "unknown";
    held.push(...locks.map((lock) => ({ stack, lock })));
  }
  return held;
}

async function cancelAll({ engine, settings }: Session): Promise<void> {
  for (const color of [null, ...colors]) {
    const stack = stackName({ environment: settings.environment, color });
    await engine.cli(["cancel", "--yes", "--stack", stack], stack);
  }
}
