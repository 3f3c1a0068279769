/** Finds ports for instances that nobody else uses. */

import { createServer } from "node:net";

import { BlueGreenError } from "../../../errors.ts";
import { knock } from "../../../knock.ts";
import type { ColorSpec } from "./color-spec.ts";
import { nowMs, pause } from "./waiting.ts";

/**
 * Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing
 * connections, so that an instance's port is still free when it is restarted.
 */
const range = { first: 20_000, last: 31_999 };
const tries = 50;
/** A process with many threads may hold its port for a moment after it seems to have ended. */
const graceMs = 500;
const knockMs = 500;
/** Nothing else can be taken instead, so it is waited for longer. */
const fixedGraceMs = 2_000;

/** A port at random that isn't in `used`; whether it is free shows only when it is asked. */
export function anyPort(used: ReadonlySet<number>): number {
  const size = range.last - range.first + 1;
  for (let attempt = 0; ; attempt += 1) {
    const port = range.first + Math.floor(Math.random() * size);
    if (!used.has(port) || attempt >= size) return port;
  }
}

/**
 * `preferred` when it is free within half a second, else another.
 *
 * @throws BlueGreenError PORT_IN_USE when none was found.
 */
export async function freePort(
  host: string,
  preferred: number,
  used: ReadonlySet<number>,
): Promise<number> {
  const graceEnd = nowMs() + graceMs;
  while (nowMs() < graceEnd) {
    if (await isFree(host, preferred)) return preferred;
    await pause(25);
  }
  let port = anyPort(used);
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (await isFree(host, port)) return port;
    port = anyPort(used);
  }
  throw new BlueGreenError(
    "PORT_IN_USE",
    `no free port was found on ${host} between ${range.first} and ${range.last}`,
  );
}

/** The port of an instance where the spec fixes it. */
export function fixedPort({ ports }: Pick<ColorSpec, "ports">, index: number): number | null {
  return ports === undefined ? null : ports.first + index;
}

/**
 * Returns when the port is free.
 *
 * @throws BlueGreenError PORT_IN_USE when it isn't within two seconds.
 */
export async function needPort(host: string, port: number, setting: string): Promise<void> {
  const deadline = nowMs() + fixedGraceMs;
  while (!(await isFree(host, port))) {
    if (nowMs() > deadline) throw portInUse(host, port, setting);
    await pause(50);
  }
}

export function portInUse(host: string, port: number, setting: string): BlueGreenError {
  return new BlueGreenError("PORT_IN_USE", `port ${port} of ${host} is taken by another process`, {
    hint: `End that process (\`lsof -i :${port}\`), or set another ${setting}.`,
  });
}

async function isFree(host: string, port: number): Promise<boolean> {
  // macOS lets one listen beside somebody who listens on all addresses: so knock first.
  const heard = await knock({ host, port, withinMs: knockMs });
  return heard === "closed" && (await canListen(host, port));
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
