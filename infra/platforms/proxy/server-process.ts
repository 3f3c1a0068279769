/** The first process of a managed server: started, signalled and stopped, and never mixed up. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import { filesOf } from "./spec.ts";
import { askStatus, endpointOf } from "./status.ts";

const commandMs = 10_000;
const pollMs = 50;
const graceMs = 3_000;

/** Whole lines: a variable COLUMNS would cut them, and our path stands at their end. */
const ps = ["ps", "-ww", "-o", "args=", "-p"];

/**
 * Null unless a process runs that has our configuration's path in its command line.
 *
 * @throws BlueGreenError ROUTER_DOWN where that can't be told
 */
export async function serverPid(access: Access): Promise<number | null> {
  const { host, spec } = access;
  const { pid: file, config } = filesOf(spec);
  const text = (await host.read(file))?.trim() ?? "";
  if (!/^\d{1,10}$/.test(text)) return null;
  return (await commandLine(access, text)).includes(config) ? Number(text) : null;
}

/** Empty for a process that has ended. Only Linux tells by files; not all of its `ps` would do. */
async function commandLine({ host }: Access, pid: string): Promise<string> {
  const found = await host.read(`/proc/${pid}/cmdline`);
  if (found !== null) return found;
  if ((await host.read("/proc/version")) !== null) return "";
  const { code, stdout, stderr } = await host.run([...ps, pid], { deadlineMs: commandMs });
  if (code === 0) return stdout;
  if (code === 1 && stderr.trim() === "") return "";
  const why = stderr.trim().split("\n")[0] ?? "";
  const message = `${host.name} can't tell what process ${pid} is: ${why}`;
  throw new BlueGreenError("ROUTER_DOWN", message, { hint: `Install \`ps\` there (procps).` });
}

/** @throws the dialect's error, PORT_IN_USE among them */
export async function startServer({ host, spec, dialect }: Access): Promise<void> {
  const ran = await host.run(dialect.startArgv(spec), { deadlineMs: commandMs });
  if (ran.code === 0) return;
  throw dialect.explain(spec, `${ran.stdout}\n${ran.stderr}`);
}

/** @throws BlueGreenError ROUTER_DOWN when no server is there to be signalled, or it can't be */
export async function signalServer(
  access: Access,
  signal: "reload" | "quit" | "stop",
): Promise<void> {
  const pid = await serverPid(access);
  if (pid === null) throw lost(access, "can't be signalled");
  await send(access, access.dialect.signals[signal], pid);
}

/**
 * Requests in flight get the drain's time; then the server goes anyway.
 *
 * @throws BlueGreenError ROUTER_DOWN when it goes on
 */
export async function stopServer(access: Access): Promise<void> {
  const pid = await serverPid(access);
  if (pid !== null) await endProcess(access, pid);
  const { host, spec } = access;
  if ((await askStatus(host, spec)).kind === "answered") throw lost(access, "goes on");
}

async function endProcess(access: Access, pid: number): Promise<void> {
  const { quit, stop } = access.dialect.signals;
  const { drainMs } = access.spec;
  for (const [signal, waitMs] of [
    [quit, drainMs + graceMs],
    [stop, graceMs],
    ["KILL", graceMs],
  ] as const) {
    await send(access, signal, pid);
    if (await hasEnded(access, waitMs)) return;
  }
}

async function hasEnded(access: Access, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    if ((await serverPid(access)) === null) return true;
    await sleep(pollMs);
  }
  return false;
}

/** By the shell's own `kill`: not every system has it as a program. */
async function send(access: Access, signal: string, pid: number): Promise<void> {
  const { host, spec } = access;
  const argv = ["sh", "-c", 'kill "-$1" "$2"', "sh", signal, String(pid)];
  const { code, stderr } = await host.run(argv, { deadlineMs: commandMs });
  // It may have ended at this very moment.
  if (code === 0 || (await serverPid(access)) === null) return;
  const message = `${spec.dialect}, process ${pid} on ${host.name}, can't be signalled: ${stderr.trim()}`;
  throw new BlueGreenError("ROUTER_DOWN", message, {
    hint: "Run the command as the account that the server runs as, or as root.",
  });
}

/** It answers, but the file with its process's number is gone, or is another's. */
function lost({ host, spec }: Access, what: string): BlueGreenError {
  const where = `the router at ${endpointOf(spec)} on ${host.name}`;
  const message = `${where} ${what}: ${filesOf(spec).pid} doesn't lead to its process`;
  return new BlueGreenError("ROUTER_DOWN", message, {
    hint: `End ${spec.dialect} there by hand, then run the command again.`,
  });
}
