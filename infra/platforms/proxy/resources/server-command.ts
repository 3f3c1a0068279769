/** Runs a user's command for a server: alone there, and with what it said kept. */

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { withHost } from "../hosts/index.ts";
import { serverPlace } from "../server-place.ts";
import type { LocalRan } from "./local-command.ts";
import { runLocally } from "./local-command.ts";
import { underServerLock } from "./server-lock.ts";
import { keepLog, safeLines } from "./server-log.ts";
import type { ServerInputs } from "./types.ts";

/** So many lines of what a command said are told when it fails. */
const shownLines = 20;
/** What a call over SSH may take beyond its command's own time. */
const connectMs = 15_000;

export type Order = Omit<ServerInputs, "install" | "remove">;

export interface ServerCommand {
  readonly what: "install" | "remove";
  /** With all placeholders filled in. */
  readonly argv: readonly string[];
}

/** @throws PROVISION_FAILED with the end of what it said */
export async function runOnServer(order: Order, command: ServerCommand): Promise<void> {
  const { ssh, startMs } = order;
  const { what } = command;
  const ran = await underServerLock(
    {
      path: serverPlace(order).lock,
      what: `${what} of ${order.version}`,
      unseenMs: ssh === null ? null : startMs + connectMs,
      leavesOpen: (error) =>
        error instanceof BlueGreenError && /lost on the way/.test(error.message),
    },
    (onStart) => run(order, command, onStart),
  ).catch((error: unknown) => {
    if (!(error instanceof BlueGreenError)) throw error;
    const problem =
      error.code === "HOST_UNREACHABLE"
        ? `couldn't be reached for \`${what}\`: ${messageOf(error)}`
        : messageOf(error);
    throw serverFailure(order, problem, error.hint);
  });
  const lines = safeLines(`${ran.stdout}\n${ran.stderr}`);
  const end = howItEnded(ran, order);
  keep(order, what, end ?? "ended well; what the release says itself is on the server", lines);
  if (end === null) return;
  throw serverFailure(order, `${what} ${end}`, hintOf(ran, order, command), [
    ...lines.slice(-shownLines),
  ]);
}

type OnStart = Parameters<Parameters<typeof underServerLock>[1]>[0];

async function run(order: Order, command: ServerCommand, onStart: OnStart): Promise<LocalRan> {
  const { ssh, startMs: deadlineMs, cwd } = order;
  const { what, argv } = command;
  if (ssh !== null) {
    const ran = await withHost(ssh, (host) => host.run(argv, { deadlineMs }));
    return { ...ran, unstarted: null };
  }
  const onCut = (said: string): void => {
    keep(order, what, "was ended, as whoever ran it ended", safeLines(said));
  };
  return runLocally(argv, { cwd, deadlineMs, onStart, onCut });
}

function keep(order: Order, what: string, end: string, lines: readonly string[]): void {
  const { color, version, address } = order;
  const title = `${new Date().toISOString()} ${what} of ${color} ${version} on ${address} ${end}`;
  keepLog(serverPlace(order).log, title, lines);
}

/** Null: well. */
function howItEnded({ code, timedOut, unstarted }: LocalRan, { startMs }: Order): string | null {
  if (unstarted !== null) return `couldn't be started (${unstarted})`;
  if (timedOut) return `took more than ${startMs} ms (bluegreen:proxy.colors.start)`;
  if (code === null) return "was ended by a signal";
  return code === 0 ? null : `failed with exit code ${code}`;
}

function hintOf(ran: LocalRan, { ssh, cwd, color }: Order, { what, argv }: ServerCommand): string {
  const [program = ""] = argv;
  const setting = `bluegreen:proxy.colors.${what}`;
  const missing = `${program} isn't there: set ${setting} to what ${what}s a release.`;
  if (ran.unstarted !== null) {
    if (ran.unstarted === "EACCES") return notExecutable(program);
    if (ran.unstarted !== "ENOENT" || !isThere(resolve(cwd, program))) {
      return isThere(cwd) ? missing : `The folder ${cwd} isn't there: set proxy.colors.cwd.`;
    }
    return `${program} is there, but the interpreter that its first line names isn't.`;
  }
  if (ssh !== null && ran.code === 127) return missing;
  if (ssh !== null && ran.code === 126) return notExecutable(program);
  const more = `\`bluegreen logs ${color}\` shows more of what it said.`;
  return `Mend it, then run the same command again: servers that are done are left alone. ${more}`;
}

function notExecutable(program: string): string {
  return `${program} isn't executable: \`chmod +x ${program}\`.`;
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.F_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

export function serverFailure(
  { color, version, address }: Pick<Order, "color" | "version" | "address">,
  what: string,
  hint: string | undefined,
  details: readonly string[] = [],
): BlueGreenError {
  return new BlueGreenError("PROVISION_FAILED", `${color} ${version}, ${address}: ${what}`, {
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
