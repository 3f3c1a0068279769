/** The router's own process: starts, takes over from a former router, stops on request. */

import { rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { writeDurably } from "../../../durable-file.ts";
import { isAlive, ownIdentity } from "../../../process-identity.ts";
import { callRouter, readIdentity } from "./admin-client.ts";
import { AdminServer } from "./admin.ts";
import type { RouterIdentity, RouterSpec } from "./protocol.ts";
import { protocolVersion, routerFiles } from "./protocol.ts";
import { Router } from "./router.ts";
import { openPrivateFolder, openSocketFolder, socketPathOf } from "./socket-path.ts";
import { toWire } from "./wire-error.ts";

const formerStopMs = 3000;
const bindDeadlineMs = 3000;
const deadPortMs = 500;
const bindRetryMs = 5;
const maxLoggedFaults = 100;

/** Runs a router until it is asked to stop. */
async function run(spec: RouterSpec): Promise<void> {
  openPrivateFolder(spec.dir);
  const socket = socketPathOf(spec.dir);
  openSocketFolder(socket);
  const router = new Router(spec);
  surviveFaults(router);
  await router.restore();
  await takePort(router, spec);
  const admin = new AdminServer(router, () => {
    end();
  });
  // First who it is, then that it answers: whoever got an answer can also find and stop it.
  await leaveIdentity(router, spec, socket);
  await admin.listen(socket);

  let ending = false;
  function end(): void {
    if (ending) return;
    ending = true;
    admin.close();
    void endRouter(router, spec.dir, socket);
  }
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  flushCompileCache();
}

/** Between the former router's last connection and the first of this one only a bind lies. */
async function takePort(router: Router, spec: RouterSpec): Promise<void> {
  const former = livingFormer(spec.dir);
  try {
    await router.listen();
    if (former !== null) await stopFormer(former);
  } catch (error) {
    // Also a former router that just died may hold its port for a moment.
    const ours = readIdentity(spec.dir)?.spec.port === spec.port;
    if (!ours || !isPortInUse(error)) throw error;
    if (former !== null) await stopFormer(former);
    await router.restore();
    await listenSoon(router, former === null ? deadPortMs : bindDeadlineMs);
    return;
  }
  if (former !== null) await router.restore();
}

async function listenSoon(router: Router, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      await router.listen();
      return;
    } catch (error) {
      if (!isPortInUse(error) || Date.now() > deadline) throw error;
      await sleep(bindRetryMs);
    }
  }
}

function livingFormer(dir: string): RouterIdentity | null {
  const former = readIdentity(dir);
  return former !== null && former.pid !== process.pid && isAlive(former) ? former : null;
}

/**
 * It frees the port at once and finishes its own requests. One without its socket (it stops
 * already, or somebody deleted the file) is told by signal; one that hangs is ended.
 */
async function stopFormer(former: RouterIdentity): Promise<void> {
  const call = { method: "POST", path: "/stop", deadlineMs: formerStopMs } as const;
  let signal: NodeJS.Signals = "SIGTERM";
  try {
    const reply = await callRouter(former.spec.dir, call);
    if (reply !== null) return;
  } catch (error) {
    process.stderr.write(`the former router is ended: ${messageOf(error)}\n`);
    signal = "SIGKILL";
  }
  if (isAlive(former)) process.kill(former.pid, signal);
}

function isPortInUse(error: unknown): boolean {
  return error instanceof BlueGreenError && error.code === "PORT_IN_USE";
}

/** Only for finding and stopping it: without the file it still serves, so that is no reason to end. */
async function leaveIdentity(router: Router, spec: RouterSpec, socket: string): Promise<void> {
  const identity: RouterIdentity = { ...ownIdentity(), protocol: protocolVersion, socket, spec };
  try {
    await writeDurably(join(spec.dir, routerFiles.identity), JSON.stringify(identity));
  } catch (error) {
    router.reportFault(messageOf(error));
  }
}

async function endRouter(router: Router, dir: string, socket: string): Promise<void> {
  const { finished } = await router.stop();
  await finished;
  if (readIdentity(dir)?.pid === process.pid) {
    rmSync(socket, { force: true });
    rmSync(join(dir, routerFiles.identity), { force: true });
  }
  process.exit(0);
}

/** A request that nobody foresaw must not end the service of all others. */
function surviveFaults(router: Router): void {
  const report = (fault: unknown) => {
    router.reportFault(messageOf(fault));
    if (router.faults > maxLoggedFaults) return;
    const text = fault instanceof Error ? fault.stack : undefined;
    process.stderr.write(`${new Date().toISOString()} ${text ?? messageOf(fault)}\n`);
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  // The terminal that started the router may go.
  process.on("SIGHUP", () => undefined);
}

/** Left where the starting process looks for it. */
async function reportStartup(dir: string, error: unknown): Promise<void> {
  const wire = toWire(error);
  process.stderr.write(`${new Date().toISOString()} didn't start: ${wire.message}\n`);
  await writeDurably(join(dir, routerFiles.startupError), JSON.stringify(wire));
}

const given = JSON.parse(process.argv[2] ?? "null") as RouterSpec | null;
if (given === null) {
  process.stderr.write("usage: router-process <spec as JSON>\n");
  process.exit(2);
}
// One that an older bluegreen wrote has no pause.
const spec = { ...{ pauseMs: 0, sticky: false }, ...given };
try {
  await run(spec);
} catch (error) {
  try {
    await reportStartup(spec.dir, error);
  } catch (unwritten) {
    process.stderr.write(`${messageOf(unwritten)}\n`);
  }
  process.exit(1);
}
