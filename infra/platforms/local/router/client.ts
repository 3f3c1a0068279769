/** What others do with the local router: start, ask, set, measure and stop it. */

import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import { isAlive } from "../../../process-identity.ts";
import { callRouter, parseStatus, readIdentity, speaks } from "./admin-client.ts";
import { launchRouter } from "./launch.ts";
import { takeLock } from "./lock-file.ts";
import type { RouterSettings, RouterSpec, RouterStatus, RoutesChange } from "./protocol.ts";
import { protocolVersion, routerFiles } from "./protocol.ts";
import { parseRoutes } from "./routes.ts";
import { openPrivateFolder, socketPathOf } from "./socket-path.ts";

export type { RouterRoutes, RouterSpec, RouterStatus } from "./protocol.ts";

const askDeadlineMs = 2000;
const patienceMs = 8000;
const writeDeadlineMs = 10_000;
const lockDeadlineMs = 30_000;
const stopGraceMs = 3000;
const killDeadlineMs = 3000;
const pollMs = 20;

/**
 * Makes a router run as `spec` says and returns what it says of itself. One that runs so already
 * is kept; changed settings are set in it; only another address or certificate restarts it, with
 * its routes, and with no more of a gap than a bind takes.
 *
 * @throws BlueGreenError PORT_IN_USE, SETTINGS_INVALID, STORE_FAILED, ROUTER_DOWN.
 */
export async function startRouter(spec: RouterSpec): Promise<RouterStatus> {
  const wanted = normalize(spec);
  openPrivateFolder(wanted.dir);
  const release = await takeLock(join(wanted.dir, routerFiles.lock), lockDeadlineMs);
  try {
    const running = await findRunning(wanted.dir);
    if (running !== null && listensAs(running.spec, wanted)) return await adopt(running, wanted);
    return await replace(running, wanted);
  } finally {
    release();
  }
}

/**
 * Null when no router of this folder runs.
 *
 * @throws BlueGreenError ROUTER_DOWN when one runs and doesn't answer within 2 s.
 */
export async function askRouter(dir: string): Promise<RouterStatus | null> {
  const call = { method: "GET", path: "/status", deadlineMs: askDeadlineMs } as const;
  const text = await callRouter(resolve(dir), call);
  return text === null ? null : parseStatus(text);
}

/**
 * Sets the whole routes; the same again changes nothing. When it returns they are stored and new
 * requests follow them.
 *
 * @throws BlueGreenError DRIFT when the router isn't at `ifGeneration`, or without it serves a
 * higher generation than this one; COLOR_EMPTY when a color would get traffic without an address;
 * COLOR_BUSY when a pause was asked for and the former color didn't finish in it; STORE_FAILED (the
 * former routes then stay), ROUTER_DOWN.
 */
export async function setRoutes(
  dir: string,
  routes: RoutesChange["routes"],
  { asked, ...condition }: SetOptions = {},
): Promise<RouterStatus> {
  const body: RoutesChange = { routes, ...condition };
  if (routes.weights.cohorts) parseRoutes(routes);
  const pauseMs = asked ? pauseIn(asked.spec) : await pauseOf(dir);
  const deadlineMs = writeDeadlineMs + pauseMs;
  const call = { method: "PUT", path: "/routes", body, deadlineMs } as const;
  try {
    return parseStatus(await callRunning(dir, call));
  } catch (error) {
    if (routes.weights.cohorts === undefined || !isUnknown(error)) throw error;
    // The routes were checked before: a router of an older bluegreen doesn't know of cohorts.
    const older = parseStatus(await callRunning(dir, { ...call, method: "GET", path: "/status" }));
    await replace(older, older.spec);
    return parseStatus(await callRunning(dir, call));
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof BlueGreenError && error.code === "SETTINGS_INVALID";
}

interface SetOptions extends Pick<RoutesChange, "ifGeneration"> {
  /** What the router said just now; absent: it is asked how long it pauses. */
  readonly asked?: RouterStatus;
}

/** A router that is too busy to say may still take a way back: then as it was started. */
async function pauseOf(dir: string): Promise<number> {
  try {
    return pauseIn((await askRouter(dir))?.spec);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    return pauseIn(readIdentity(resolve(dir))?.spec);
  }
}

/** An older router says nothing of the pause that it can't make. */
function pauseIn(spec: Partial<RouterSpec> | undefined): number {
  return spec?.pauseMs ?? 0;
}

/** Prometheus text. @throws BlueGreenError ROUTER_DOWN. */
export function routerMetrics(dir: string): Promise<string> {
  return callRunning(dir, { method: "GET", path: "/metrics", deadlineMs: askDeadlineMs });
}

/**
 * Stops the router of this folder: no new connection, requests in flight finish within its
 * `drainMs`, then it ends; one that doesn't is killed. Its routes stay stored. Does nothing when
 * none runs.
 */
export async function stopRouter(dir: string): Promise<void> {
  const folder = resolve(dir);
  const known = readIdentity(folder);
  if (known === null && (await askRouter(folder)) === null) return;
  const release = await takeLock(join(folder, routerFiles.lock), lockDeadlineMs);
  try {
    await stopRunning(folder);
    // A router that was killed couldn't take its socket away itself.
    rmSync(socketPathOf(folder), { force: true });
  } finally {
    release();
  }
}

async function stopRunning(dir: string): Promise<void> {
  const identity = readIdentity(dir);
  let drainMs = identity?.spec.drainMs ?? 0;
  let router: ProcessIdentity | null = identity;
  try {
    const call = { method: "POST", path: "/stop", deadlineMs: askDeadlineMs } as const;
    const text = await callRouter(dir, call);
    if (text === null) signalRouter(router, "SIGTERM");
    else {
      const status = JSON.parse(text) as RouterStatus;
      router = status;
      drainMs = status.spec.drainMs;
    }
  } catch (error) {
    if (!(error instanceof BlueGreenError) || router === null) throw error;
    // It hangs: no drain to wait for.
    drainMs = 0;
  }
  if (router !== null) await endProcess(router, drainMs + stopGraceMs);
}

/** Waits, then kills; the start time is compared each time, as a pid alone may be reused. */
async function endProcess(router: ProcessIdentity, graceMs: number): Promise<void> {
  if (await isGoneWithin(router, graceMs)) return;
  signalRouter(router, "SIGKILL");
  if (await isGoneWithin(router, killDeadlineMs)) return;
  throw new BlueGreenError("ROUTER_DOWN", `the router (pid ${router.pid}) can't be ended`, {
    hint: `Look at it with \`ps -p ${router.pid}\`.`,
  });
}

function signalRouter(router: ProcessIdentity | null, signal: NodeJS.Signals): void {
  if (router === null || !isAlive(router)) return;
  try {
    process.kill(router.pid, signal);
  } catch (error) {
    const message = `the router (pid ${router.pid}) can't be ended: ${messageOf(error)}`;
    throw new BlueGreenError("ROUTER_DOWN", message, { cause: error });
  }
}

async function isGoneWithin(router: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isAlive(router)) {
    if (Date.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

/**
 * A router that hangs serves nobody: it is ended, and counts as not running. One that is only slow
 * serves: it gets a second chance, so that a busy machine never costs clients their connections.
 */
async function findRunning(dir: string): Promise<RouterStatus | null> {
  try {
    return await statusWithin(dir, askDeadlineMs);
  } catch (error) {
    const hung = readIdentity(dir);
    if (hung === null || !isAlive(hung) || isNewer(hung)) throw error;
    return await statusWithin(dir, patienceMs).catch(async () => {
      await endProcess(hung, 0);
      return null;
    });
  }
}

/** Also of an older router, which is replaced; a newer one is not for this code to touch. */
async function statusWithin(dir: string, deadlineMs: number): Promise<RouterStatus | null> {
  const text = await callRouter(dir, { method: "GET", path: "/status", deadlineMs });
  if (text === null) return null;
  const status = JSON.parse(text) as RouterStatus;
  return status.protocol > protocolVersion ? parseStatus(text) : status;
}

function isNewer({ protocol }: { readonly protocol: number }): boolean {
  return protocol > protocolVersion;
}

async function adopt(running: RouterStatus, wanted: RouterSpec): Promise<RouterStatus> {
  if (!speaks(running)) return replace(running, wanted);
  if (isSetAs(running.spec, wanted)) return running;
  const { drainMs, accessLog, pauseMs, sticky } = wanted;
  const body: RouterSettings = { drainMs, accessLog, pauseMs, sticky };
  const call = { method: "PUT", path: "/settings", body, deadlineMs: writeDeadlineMs } as const;
  const set = parseStatus(await callRunning(wanted.dir, call));
  // An older router doesn't know each of them.
  return isSetAs(set.spec, wanted) ? set : replace(set, wanted);
}

/** The new router takes over from the former one; if it can't, the former address is restored. */
async function replace(former: RouterStatus | null, wanted: RouterSpec): Promise<RouterStatus> {
  try {
    return await launchRouter(wanted);
  } catch (error) {
    if (former !== null && (await askRouter(wanted.dir)) === null) await launchRouter(former.spec);
    throw error;
  }
}

async function callRunning(dir: string, call: Parameters<typeof callRouter>[1]): Promise<string> {
  const text = await callRouter(resolve(dir), call);
  if (text !== null) return text;
  throw new BlueGreenError("ROUTER_DOWN", `no router runs for ${resolve(dir)}`, {
    hint: "bring it back: `bluegreen up`",
  });
}

function normalize(spec: RouterSpec): RouterSpec {
  const { dir, host, port, tls, drainMs, accessLog, pauseMs, sticky } = spec;
  const files = tls === null ? null : { cert: resolve(tls.cert), key: resolve(tls.key) };
  return { dir: resolve(dir), host, port, tls: files, drainMs, accessLog, pauseMs, sticky };
}

/** An older router says nothing of what it can't do. */
function isSetAs(running: Partial<RouterSpec>, wanted: RouterSpec): boolean {
  const settings = ({ drainMs, accessLog, pauseMs = 0, sticky = false }: Partial<RouterSpec>) =>
    JSON.stringify([drainMs, accessLog, pauseMs, sticky]);
  return settings(running) === settings(wanted);
}

function listensAs(running: RouterSpec, wanted: RouterSpec): boolean {
  const listen = ({ host, port, tls }: RouterSpec) => JSON.stringify([host, port, tls]);
  return listen(running) === listen(wanted);
}
