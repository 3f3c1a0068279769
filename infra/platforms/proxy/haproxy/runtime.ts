/** HAProxy's runtime API: single commands over its socket, and what their answers mean. */

import { BlueGreenError } from "../../../errors.ts";
import type { Host } from "../host.ts";
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
}

export function runtimeOf(spec: RouterSpec): RuntimePlace {
  return { name: spec.name, socket: filesOf(spec).socket };
}

/** @throws BlueGreenError ROUTER_DOWN when the socket doesn't answer */
export async function runtime(
  host: Host,
  { socket, worker }: RuntimePlace,
  command: string,
): Promise<string> {
  // A master goes on listening to whoever asked.
  const text = worker === undefined ? `${command}\n` : `@!${worker} ${command}\nquit\n`;
  try {
    return await host.ask(socket, text, deadlineMs);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
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
