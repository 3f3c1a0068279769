/** Whether somebody listens at a port: one connection, closed at once, with nothing said on it. */

import { connect } from "node:net";

export interface Door {
  readonly host: string;
  readonly port: number;
  /** How long the connection may take, in milliseconds; default: a second. */
  readonly withinMs?: number;
}

/** `silent`: neither taken nor refused in time, so that somebody may be there or not. */
export type Knock = "open" | "closed" | "silent";

/** Never throws: what can't be reached is closed. */
export function knock({ host, port, withinMs = 1_000 }: Door): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: withinMs });
    const end = (heard: Knock): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.once("connect", () => {
      end("open");
    });
    socket.once("timeout", () => {
      end("silent");
    });
    socket.once("error", () => {
      end("closed");
    });
  });
}
