/** A provider whose engine was killed ends too: nobody may set anything that no engine records. */

import { connect } from "node:net";

/** Variable in which the starting script hands over its parent: that one may be gone before Node runs. */
const engineVariable = "BLUEGREEN_ENGINE_PROCESS";
const parentLookMs = 100;
const addressLookMs = 1_000;
/** Refused connections in a row; a single one could be a mishap of the network's. */
const refusals = 2;

/**
 * Where the engine that starts a provider listens, by the arguments that it hands over. It comes
 * last, after options whose values look the same: `--tracing ENDPOINT`. Absent: nothing is said.
 */
export function engineAddress(given: readonly string[]): string | undefined {
  const last = given.at(-1);
  return last?.startsWith("-") === true || given.at(-2) === "--tracing" ? undefined : last;
}

/**
 * Ends this process soon after the engine: when its parent changes, or when nobody listens at
 * `address` any more, which also tells of an engine that was gone before this process had begun.
 * Absent: an engine that doesn't say where it is.
 */
export function endWithEngine(address: string | undefined): void {
  const engine = startedBy();
  const look = (): void => {
    if (process.ppid !== engine) process.exit(1);
  };
  look();
  setInterval(look, parentLookMs).unref();
  if (address !== undefined) watchAddress(address);
}

function startedBy(): number {
  const noted = process.env[engineVariable];
  // What this process starts has other parents.
  Reflect.deleteProperty(process.env, engineVariable);
  return noted === undefined ? process.ppid : Number(noted);
}

function watchAddress(address: string): void {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (host === undefined) return;
  let refused = 0;
  const timer = setInterval(() => {
    const socket = connect({ host, port: Number(port), timeout: addressLookMs });
    socket.unref();
    socket.once("connect", () => {
      refused = 0;
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy());
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      refused = code === "ECONNREFUSED" ? refused + 1 : 0;
      if (refused >= refusals) process.exit(1);
    });
  }, addressLookMs);
  timer.unref();
}
