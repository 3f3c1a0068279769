/** Finds a port for a router on this machine that nobody listens on, and no environment has. */

import { knock } from "../../infra/knock.ts";

/** Where the first environment's clients go, if it is free. */
export const defaultPort = 8080;

const portsTried = 50;
const lastPort = 65_535;

/** From `start` on, then from the default on; `start` where all of them are taken. */
export async function freePort(start: number, taken: readonly number[]): Promise<number> {
  const range = (from: number): number[] =>
    Array.from({ length: portsTried }, (_, at) => from + at);
  const candidates = [...range(start), ...range(defaultPort)].filter((port) => port <= lastPort);
  for (const port of candidates) {
    if (!taken.includes(port) && (await knock({ host: "127.0.0.1", port })) === "closed")
      return port;
  }
  return Math.min(start, lastPort);
}
