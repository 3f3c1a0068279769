/** The first process of a managed server: started, signalled and stopped, and never mixed up. */

import { setTimeout as sleep } from "node:timers/promises";

import type { Access } from "./access.ts";
import { filesOf } from "./spec.ts";

const commandMs = 10_000;
const pollMs = 50;
const graceMs = 3_000;

/** Whole lines: a variable COLUMNS would cut them, and our path stands at their end. */
const ps = ["ps", "-ww", "-o", "args=", "-p"];

/** Null unless a process runs that has our configuration's path in its command line. */
export async function serverPid({ host, spec }: Access): Promise<number | null> {
  const { pid: file, config } = filesOf(spec);
  const text = (await host.read(file))?.trim() ?? "";
  if (!/^\d{1,10}$/.test(text)) return null;
  const { code, stdout } = await host.run([...ps, text], { deadlineMs: commandMs });
  return code === 0 && stdout.includes(config) ? Number(text) : null;
}

/** @throws the dialect's error, PORT_IN_USE among them */
export async function startServer({ host, spec, dialect }: Access): Promise<void> {
  const ran = await host.run(dialect.startArgv(spec), { deadlineMs: commandMs });
  if (ran.code === 0) return;
  throw dialect.explain(spec, `${ran.stdout}\n${ran.stderr}`);
}

/** False when no server is there to be signalled. */
export async function signalServer(
  access: Access,
  signal: "reload" | "quit" | "stop",
): Promise<boolean> {
  const pid = await serverPid(access);
  if (pid === null) return false;
  await send(access, access.dialect.signals[signal], pid);
  return true;
}

/** Requests in flight get the drain's time; then the server goes anyway. */
export async function stopServer(access: Access): Promise<void> {
  const pid = await serverPid(access);
  if (pid === null) return;
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
async function send({ host }: Access, signal: string, pid: number): Promise<void> {
  const argv = ["sh", "-c", 'kill "-$1" "$2"', "sh", signal, String(pid)];
  await host.run(argv, { deadlineMs: commandMs });
}
