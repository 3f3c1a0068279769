/** HAProxy's runtime API: single commands over its socket, and what their answers mean. */

import { BlueGreenError } from "../../../errors.ts";
import type { Host } from "../host.ts";
import { NoAnswer } from "../host.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";

const deadlineMs = 2_000;

/** What of a router its runtime API needs to be known. */
export interface RuntimePlace {
  readonly name: string;
  /** Path of the socket. */
  readonly socket: string;
  /** A worker's process, where the socket is of their master. */
  readonly worker?: number;
  /** Path of the socket of the worker's master, by which it is asked where its own is gone. */
  readonly master?: string;
}

/** Only a server of ours is known to have been started with a socket for its master. */
export function runtimeOf(spec: RouterSpec): RuntimePlace {
  const { socket, masterSocket } = filesOf(spec);
  return { name: spec.name, socket, ...(spec.mode === "managed" && { master: masterSocket }) };
}

/** @throws BlueGreenError ROUTER_DOWN when neither socket answers */
export async function runtime(host: Host, place: RuntimePlace, command: string): Promise<string> {
  const { socket, worker, master } = place;
  try {
    if (worker !== undefined) return await askMaster(host, socket, `@!${worker} ${command}`);
    return await host.ask(socket, `${command}\n`, deadlineMs);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const answer = master === undefined ? null : await askCurrent(host, master, command);
    if (answer !== null) return answer;
    throw new BlueGreenError(
      "ROUTER_DOWN",
      `HAProxy's runtime socket doesn't answer: ${error.message}`,
      {
        hint: `Is HAProxy running, and does its configuration have "stats socket ${socket} level admin"?`,
        cause: error,
      },
    );
  }
}

/** A master goes on listening to whoever asked. */
function askMaster(host: Host, socket: string, command: string): Promise<string> {
  return host.ask(socket, `${command}\nquit\n`, deadlineMs);
}

/** What the current worker answers through its master; null: nothing. */
async function askCurrent(host: Host, master: string, command: string): Promise<string | null> {
  try {
    const reply = await askMaster(host, master, `@1 ${command}`);
    return /^Can't find the target/m.test(reply) ? null : reply;
  } catch (error) {
    if (error instanceof NoAnswer) return null;
    throw error;
  }
}

/** @throws BlueGreenError ROUTER_DOWN when HAProxy doesn't do it, in its own words */
export async function command(host: Host, place: RuntimePlace, text: string): Promise<void> {
  const reply = (await runtime(host, place, text)).trim();
  if (reply === "") return;
  const verb = text.split(" ").slice(0, 2).join(" ");
  throw new BlueGreenError("ROUTER_DOWN", `HAProxy refuses "${verb}": ${reply}`, {
    hint: /permission/i.test(reply)
      ? `The socket needs "level admin" in HAProxy's configuration.`
      : "HAProxy may run without bluegreen's file: `bluegreen up` writes it and reloads.",
  });
}

/** The value of the map's one key in the running process; null where it has none. */
export async function liveState(host: Host, spec: RouterSpec): Promise<string | null> {
  const reply = await runtime(host, runtimeOf(spec), `show map ${filesOf(spec).map}`);
  return /^0x[0-9a-f]+ live (\S+)$/m.exec(reply)?.[1] ?? null;
}

/** Only a restart makes a socket anew; until then all hangs on that of its master. */
export async function lostSocket(host: Host, spec: RouterSpec): Promise<readonly string[]> {
  const { socket } = filesOf(spec);
  if (spec.mode !== "managed") return [];
  const [found] = await host.sizes([socket]);
  return found ? [] : [`HAProxy's runtime socket ${socket} is gone: it is asked by its master's`];
}
