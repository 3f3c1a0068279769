/** What a component of the user's own returned: judged, and waited for until it is healthy. */

import { setTimeout as sleep } from "node:timers/promises";
import { addressProblem } from "../config/address.ts";
import { BlueGreenError } from "../errors.ts";
import type { Address, TargetReading } from "../model.ts";
import { healthOf } from "../rules/health.ts";

const maxAddresses = 1_000;

/**
 * @param file for messages
 * @throws PROVISION_FAILED
 */
export function judgeAddresses(value: unknown, file: string): readonly Address[] {
  const refuse = (what: string): BlueGreenError =>
    new BlueGreenError("PROVISION_FAILED", `the color component ${file} returned ${what}`, {
      hint: 'return a list of host:port, such as ["10.0.0.7:8080"], or an output of one',
    });
  if (!Array.isArray(value)) throw refuse(value === undefined ? "nothing" : "something else");
  if (value.length === 0) throw refuse("no addresses");
  if (value.length > maxAddresses) throw refuse(`more than ${maxAddresses} addresses`);
  return value.map((address: unknown) => {
    if (typeof address !== "string") throw refuse("an address that isn't text");
    const problem = addressProblem(address);
    if (problem !== null) throw refuse(`${JSON.stringify(address)}, which ${problem}`);
    return address;
  });
}

export interface Waiting {
  readonly file: string;
  /** Milliseconds until those that aren't healthy have failed to start; 0: nothing waits. */
  readonly startMs: number;
  readonly intervalMs: number;
  readonly read: () => Promise<TargetReading>;
}

/**
 * Returns once all are healthy. Those that can't be reached from here are waited for as long, and
 * then left to whoever can reach them.
 * @throws PROVISION_FAILED
 */
export async function awaitHealthy({ file, startMs, intervalMs, read }: Waiting): Promise<void> {
  if (startMs === 0) return;
  const deadline = performance.now() + startMs;
  for (;;) {
    const reading = await read();
    const health = healthOf(reading);
    if (health === "healthy") return;
    if (performance.now() >= deadline) {
      if (health === "unknown") return;
      throw notStarted(file, startMs, reading);
    }
    await sleep(intervalMs);
  }
}

function notStarted(
  file: string,
  startMs: number,
  { ready, total, problems }: TargetReading,
): BlueGreenError {
  const message = `${ready} of ${total} addresses of ${file} are healthy after ${startMs} ms`;
  return new BlueGreenError("PROVISION_FAILED", message, {
    details: problems,
    hint: "mend what it makes, or give it more time by bluegreen:color.start, and deploy again",
  });
}
