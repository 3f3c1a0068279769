/** What others do with a color on this machine: fill it, ask it, bring it back, stop it. */

import { existsSync } from "node:fs";

import { BlueGreenError } from "../../../errors.ts";
import { isAlive } from "../../../process-identity.ts";
import { askSupervisor } from "./admin-client.ts";
import { colorFolder, prepareFolder } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import type { ColorSpec } from "./color-spec.ts";
import type { ColorStatus } from "./color-status.ts";
import { readLedger } from "./instance-ledger.ts";
import { notReadyError } from "./not-ready.ts";
import { parseSpec } from "./spec-rules.ts";
import { readSpec } from "./supervised-color.ts";
import { currentHolder } from "./supervisor-lock.ts";
import { startSupervisor } from "./supervisor-start.ts";
import { nowMs, pause } from "./waiting.ts";

export { stopColor } from "./color-stop.ts";
export { loggedInstances, readLogs } from "./log-reader.ts";
export type { LogLine, LogOptions } from "./log-reader.ts";
export type { ColorSpec, HealthSpec, LogBounds } from "./color-spec.ts";
export type { ColorStatus, InstanceState, InstanceStatus } from "./color-status.ts";

export interface EnsureOptions {
  readonly signal?: AbortSignal;
  /** Called with each status that differs from the one before. */
  readonly onProgress?: (status: ColorStatus) => void;
}

const askDeadlineMs = 2000;
const pollMs = 75;
/** For the supervisor's own start, and for what a busy machine takes longer. */
const slackMs = 20_000;

/**
 * Makes the color run `spec` and waits until all of its instances are healthy and no other is left.
 * Running instances of the same release are never touched; of another release, all are replaced.
 * A color that fails stays as it is, so that one can look at it, and takes the next spec.
 *
 * @throws BlueGreenError PROVISION_FAILED with the end of the log as details; CLAIMED when somebody
 * else gave the color another release meanwhile; INTERRUPTED when `signal` was aborted.
 */
export async function ensureColor(
  dir: string,
  spec: ColorSpec,
  options: EnsureOptions = {},
): Promise<ColorStatus> {
  const wanted = parseSpec(spec);
  const folder = colorFolder(dir);
  prepareFolder(folder);
  await giveSpec(folder, wanted, options.signal);
  return await waitUntilReady(folder, wanted, options);
}

/**
 * Brings a color back as it was last ordered, for instance after a reboot.
 *
 * @throws BlueGreenError COLOR_EMPTY when nothing was ordered, and what `ensureColor` throws.
 */
export async function resumeColor(dir: string, options: EnsureOptions = {}): Promise<ColorStatus> {
  const spec = readSpec(colorFolder(dir));
  if (spec !== null) return await ensureColor(dir, spec, options);
  throw new BlueGreenError("COLOR_EMPTY", `${dir} holds no release to resume`);
}

/** The color's status; null when no supervisor answers within 2 seconds. */
export async function askColor(dir: string): Promise<ColorStatus | null> {
  return (await inspectColor(dir)).status;
}

/** An instance that runs though nobody looks after it. */
export interface Orphan {
  readonly index: number;
  readonly address: string;
  readonly pid: number;
}

export interface ColorInspection {
  /** Silent: the process lives, but doesn't answer. */
  readonly supervisor: "running" | "silent" | "none";
  readonly status: ColorStatus | null;
  /** Instances that live without a supervisor; the next `ensureColor` adopts them. */
  readonly orphans: readonly Orphan[];
}

/** Like `askColor`, and also tells what is true when no supervisor answers. Changes nothing. */
export async function inspectColor(dir: string): Promise<ColorInspection> {
  const folder = colorFolder(dir);
  const holder = existsSync(folder.dir) ? currentHolder(folder) : null;
  const socket = holder?.socket ?? null;
  if (socket === null) return { supervisor: "none", status: null, orphans: orphansOf(folder) };
  const answer = await askSupervisor(socket, { kind: "get" }, askDeadlineMs);
  if (answer.kind === "status") {
    return { supervisor: "running", status: answer.status, orphans: [] };
  }
  return { supervisor: "silent", status: null, orphans: [] };
}

function orphansOf(folder: ColorFolder): Orphan[] {
  return readLedger(folder.ledger).flatMap(({ index, port, process }) =>
    process !== null && isAlive(process)
      ? [{ index, address: `127.0.0.1:${port}`, pid: process.pid }]
      : [],
  );
}

/** Returns when a supervisor has taken the spec. */
async function giveSpec(
  folder: ColorFolder,
  spec: ColorSpec,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = nowMs() + slackMs;
  let problem = "it didn't start";
  while (nowMs() < deadline) {
    assertNotInterrupted(signal);
    const holder = currentHolder(folder);
    if (holder === null) {
      await startSupervisor(folder, spec, deadline - nowMs());
    } else if (holder.socket === null) {
      problem = `process ${holder.pid} is stopping the color`;
    } else {
      const answer = await askSupervisor(holder.socket, { kind: "put", spec }, askDeadlineMs);
      if (answer.kind === "status") return;
      problem = answer.message;
    }
    await pause(pollMs, signal);
  }
  throw new BlueGreenError("PROVISION_FAILED", `the supervisor can't be reached: ${problem}`, {
    hint: `Look at ${folder.supervisorLog}.`,
  });
}

async function waitUntilReady(
  folder: ColorFolder,
  spec: ColorSpec,
  options: EnsureOptions,
): Promise<ColorStatus> {
  const lastMoment = nowMs() + spec.startMs + spec.drainMs + slackMs;
  let deadline = nowMs() + spec.startMs;
  let last = "";
  for (;;) {
    assertNotInterrupted(options.signal);
    const status = await askColor(folder.dir);
    // A supervisor that was killed meanwhile is followed by another.
    if (status === null) await giveSpec(folder, spec, options.signal);
    else if (JSON.stringify(status) !== last) options.onProgress?.(status);
    last = JSON.stringify(status);
    if (status !== null) {
      assertSameRelease(status, spec);
      if (isReady(status, spec)) return status;
      if (status.crashLoop) throw notReadyError(folder, spec, status);
      if (isStopping(status)) deadline = nowMs() + spec.startMs;
    }
    if (nowMs() > Math.min(deadline, lastMoment)) throw notReadyError(folder, spec, status);
    await pause(pollMs, options.signal);
  }
}

function isReady(status: ColorStatus, spec: ColorSpec): boolean {
  return status.ready === spec.instances && status.instances.length === spec.instances;
}

function isStopping(status: ColorStatus): boolean {
  return status.instances.some((instance) => instance.state === "stopping");
}

function assertSameRelease(status: ColorStatus, spec: ColorSpec): void {
  if (status.digest === spec.digest) return;
  const message = `${spec.color} was given version ${status.version} by somebody else meanwhile`;
  throw new BlueGreenError("CLAIMED", message);
}

function assertNotInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new BlueGreenError("INTERRUPTED", "waiting for the color was interrupted", {
    cause: signal.reason,
  });
}
