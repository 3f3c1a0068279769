/** Routers and supervisors on this machine, by their command lines: also those without a folder. */

import { existsSync } from "node:fs";

import { BlueGreenError } from "../../errors.ts";
import { ownCommands } from "../../process-list.ts";

/** A process that this user's bluegreen left to serve. */
export interface OwnProcess {
  readonly kind: "router" | "supervisor";
  readonly pid: number;
  /** In which it keeps its files, whether that is still there or not. */
  readonly folder: string;
  /** Where a router listens; null for a supervisor. */
  readonly port: number | null;
}

/** All that run now. */
export function ownProcesses(): readonly OwnProcess[] {
  return ownCommands().flatMap(({ pid, command }) => {
    const found = routerOf(command) ?? supervisorOf(command);
    return found ? [{ ...found, pid }] : [];
  });
}

function routerOf(command: string): Omit<OwnProcess, "pid"> | null {
  const given = /^\S*node .*\/router-process\.[jt]s (\{.*\})\s*$/.exec(command)?.[1];
  if (given === undefined) return null;
  try {
    const { dir, port } = JSON.parse(given) as { dir?: unknown; port?: unknown };
    if (typeof dir !== "string" || typeof port !== "number") return null;
    return { kind: "router", folder: dir, port };
  } catch (error) {
    // Some other program's argument, or one that `ps` had to cut.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function supervisorOf(command: string): Omit<OwnProcess, "pid"> | null {
  const folder = /^\S*node .*\/supervisor\/main\.[jt]s (\/.*?)\s*$/.exec(command)?.[1];
  return folder === undefined ? null : { kind: "supervisor", folder, port: null };
}

/** What is known of the router that has a port, and what to do about it. */
export interface PortOwner {
  readonly sentence: string;
  readonly fix: string;
}

/** Null: no router of bluegreen's was started for that port. */
export function ownerOfPort(port: number, folder: string): PortOwner | null {
  const owner = ownProcesses().find((found) => found.port === port);
  if (!owner) return null;
  const sentence = `a bluegreen router of ${owner.folder} runs there (process ${owner.pid})`;
  // Had it its files still, it would be known as the router of that folder.
  if (owner.folder === folder || !existsSync(owner.folder)) {
    return { sentence: `${sentence}; its state folder is gone`, fix: wayBack(owner) };
  }
  const fix = `set another bluegreen:local.port, or run \`bluegreen down\` in that one's project`;
  return { sentence, fix };
}

/** What to do about a process whose folder is gone. */
export function wayBack({ pid }: OwnProcess): string {
  return `put it back, or end process ${pid} (\`kill ${pid}\`)`;
}

/** The same error, which tells of the router that has the port where that is one of bluegreen's. */
export function withPortOwner(
  error: BlueGreenError,
  { port, dir }: { readonly port: number; readonly dir: string },
): BlueGreenError {
  if (error.code !== "PORT_IN_USE") return error;
  const owner = ownerOfPort(port, dir);
  if (!owner) return error;
  const { details } = error;
  const message = `port ${port} is taken: ${owner.sentence}`;
  return new BlueGreenError(error.code, message, { hint: owner.fix, details, cause: error });
}
