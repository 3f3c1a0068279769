/** HAProxy's workers from before a reload: which there are, and how they are asked. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../../errors.ts";
import type { Endpoint, Host } from "../host.ts";
import { NoAnswer } from "../host.ts";
import type { RuntimePlace } from "./runtime.ts";
import { runtime } from "./runtime.ts";

const askMs = 2_000;
const psMs = 10_000;
/** A master that reloads is away for a moment. */
const tries = 5;
const againMs = 100;

/** `unknown`: there may be some, with connections that nobody can count. */
export type FormerWorkers =
  | { readonly kind: "known"; readonly workers: readonly RuntimePlace[] }
  | { readonly kind: "unknown"; readonly why: string };

/** By the master's own word where it has a socket, else by the system's table of processes. */
export async function formerWorkers(host: Host, place: RuntimePlace): Promise<FormerWorkers> {
  const master = masterIn(await runtime(host, place, "show env HAPROXY_MASTER_CLI"));
  const told = master === null ? null : await askMaster(host, master);
  if (master !== null && told !== null) {
    const workers = formerIn(told).map((worker) => ({ name: place.name, socket: master, worker }));
    return { kind: "known", workers };
  }
  const seen = await processesBeside(host, pidIn(await runtime(host, place, "show info")));
  if (seen?.length === 0) return { kind: "known", workers: [] };
  const why =
    seen === null
      ? "traffic can't be counted: HAProxy may have workers from before a reload, which can't be seen"
      : `traffic can't be counted: HAProxy has workers from before a reload (${seen.join(", ")}), which can't be asked`;
  return { kind: "unknown", why };
}

/** The first address of `unix@/run/haproxy-master.sock;ipv4@127.0.0.1:999`; null: it has none. */
export function masterIn(reply: string): Endpoint | null {
  const found = /^HAPROXY_MASTER_CLI=(?:unix@(\/[^;\s]+)|ipv4@([\d.]+:\d+))/m.exec(reply);
  return found?.[1] ?? found?.[2] ?? null;
}

/** Process numbers below `# old workers` in the answer to `show proc`. */
export function formerIn(reply: string): number[] {
  const [, below = ""] = reply.split(/^# old workers$/m);
  const [workers = ""] = below.split(/^#/m);
  return [...workers.matchAll(/^(\d+)\s/gm)].map(([, pid]) => Number(pid));
}

/** Null when it doesn't answer, or not what a master answers. */
async function askMaster(host: Host, master: Endpoint): Promise<string | null> {
  for (let each = 0; each < tries; each += 1) {
    if (each > 0) await sleep(againMs);
    try {
      const reply = await host.ask(master, "show proc\nquit\n", askMs);
      if (/^# workers$/m.test(reply)) return reply;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
  }
  return null;
}

function pidIn(reply: string): number {
  const pid = Number(/^Pid: (\d+)$/m.exec(reply)?.[1]);
  if (Number.isInteger(pid)) return pid;
  throw new BlueGreenError("ROUTER_DOWN", "HAProxy doesn't tell its process");
}

/** Other workers of the same master; null where the system doesn't show them. */
async function processesBeside(host: Host, pid: number): Promise<readonly number[] | null> {
  const argv = ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="];
  const { code, stdout } = await host.run(argv, { deadlineMs: psMs });
  return code === 0 ? besideIn(stdout, pid) : null;
}

/** Those with the same parent and, but for what a reload adds to them, the same words. */
export function besideIn(table: string, pid: number): readonly number[] | null {
  const rows = table.split("\n").flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (!found) return [];
    return [{ pid: Number(found[1]), parent: found[2], words: ownWords(found[3] ?? "") }];
  });
  const own = rows.find((row) => row.pid === pid);
  // Another system's process, as in a container, may have this number here.
  if (!own || !/^\S*haproxy\b/.test(own.words)) return null;
  return rows.flatMap((row) =>
    row.pid !== pid && row.parent === own.parent && row.words === own.words ? [row.pid] : [],
  );
}

function ownWords(args: string): string {
  return args
    .replace(/ -s[ft](?: \d+)+/g, "")
    .replace(/ -x \S+/g, "")
    .trim();
}
