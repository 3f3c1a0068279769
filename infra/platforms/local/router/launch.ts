/** Starts a router as a process of its own and waits until it answers. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { compileCache } from "../../../compile-cache.ts";
import { withPortOwner } from "../own-processes.ts";
import { callRouter, isErrno, parseStatus } from "./admin-client.ts";
import type { RouterSpec, RouterStatus, WireError } from "./protocol.ts";
import { routerFiles } from "./protocol.ts";
import { fromWire } from "./wire-error.ts";

/** Half a second is usual; a disk that is busy with something else can stall it for many. */
const startDeadlineMs = 30_000;
const pollMs = 20;
const maxLogBytes = 1_000_000;
const logTailBytes = 2000;

/**
 * Mebibytes for what a request leaves behind, of which V8 would take three times 16: under load
 * the process is a third smaller for 8 % more of a processor (measured at 1,000 requests a second).
 */
const youngSpaceMiB = 4;

/** The router needs none of the caller's secrets, and no debugger port of its own. */
const passedOn = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"];

const nodeOptions = [
  "--disable-warning=ExperimentalWarning",
  `--max-semi-space-size=${youngSpaceMiB}`,
];

/** @throws BlueGreenError PORT_IN_USE, SETTINGS_INVALID, or ROUTER_DOWN with the log's tail. */
export async function launchRouter(spec: RouterSpec): Promise<RouterStatus> {
  rmSync(join(spec.dir, routerFiles.startupError), { force: true });
  const child = spawnRouter(spec);
  const ended = endOf(child);
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline) {
    const status = await statusOf(spec.dir);
    if (status !== null && status.pid === child.pid) return status;
    const failure = await Promise.race([ended, sleep(pollMs, null)]);
    if (failure !== null) throw startupError(spec, failure);
  }
  child.kill("SIGKILL");
  throw startupError(spec, `it didn't answer within ${startDeadlineMs / 1000} s`);
}

/** A process group and session of its own: it outlives the caller and the caller's terminal. */
function spawnRouter(spec: RouterSpec): ChildProcess {
  const script = fileURLToPath(
    new URL(`./router-process${extname(import.meta.filename)}`, import.meta.url),
  );
  const log = openLog(join(spec.dir, routerFiles.log));
  try {
    const child = spawn(process.execPath, [...nodeOptions, script, JSON.stringify(spec)], {
      cwd: spec.dir,
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        ...Object.fromEntries(passedOn.map((name) => [name, process.env[name]])),
        ...compileCache(process.env),
      },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  try {
    if (statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  return openSync(path, "a", 0o600);
}

/** Fulfilled with the reason once the process has ended. */
function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once("error", (error) => {
    resolve(error.message);
  });
  child.once("exit", (code, signal) => {
    resolve(`it ended with ${signal ?? `code ${code ?? 0}`}`);
  });
  return promise;
}

async function statusOf(dir: string): Promise<RouterStatus | null> {
  try {
    const text = await callRouter(dir, { method: "GET", path: "/status", deadlineMs: 500 });
    return text === null ? null : parseStatus(text);
  } catch (error) {
    // The former router may be in the middle of ending; the caller's deadline bounds the wait.
    if (error instanceof BlueGreenError && error.code === "ROUTER_DOWN") return null;
    throw error;
  }
}

function startupError(spec: RouterSpec, reason: string): BlueGreenError {
  const { dir } = spec;
  const wire = readStartupError(dir);
  if (wire !== null) return withPortOwner(fromWire(wire), spec);
  return new BlueGreenError("ROUTER_DOWN", `the router didn't start: ${reason}`, {
    hint: `Its log is ${join(dir, routerFiles.log)}.`,
    details: logTail(join(dir, routerFiles.log)),
  });
}

function readStartupError(dir: string): WireError | null {
  try {
    return JSON.parse(readFileSync(join(dir, routerFiles.startupError), "utf8")) as WireError;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return null;
    throw error;
  }
}

function logTail(path: string): string[] {
  try {
    return readFileSync(path, "utf8").slice(-logTailBytes).trim().split("\n");
  } catch (error) {
    return [`its log can't be read: ${messageOf(error)}`];
  }
}
