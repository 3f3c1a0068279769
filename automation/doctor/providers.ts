/** Provider processes of ours whose engine is gone: what a killed update left running. */

import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { note } from "./finding.ts";
import type { Finding } from "./finding.ts";

const psDeadlineMs = 5_000;

/** Those of this user, whichever project they belonged to. */
export function examineProviders(): readonly Finding[] {
  const words = [
    "-U",
    String(userInfo().uid),
    "-ww",
    "-o",
    "pid=",
    "-o",
    "ppid=",
    "-o",
    "command=",
  ];
  const listed = execFileSync("ps", words, {
    encoding: "utf8",
    timeout: psDeadlineMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return strayProviders(listed).map((pid) => {
    const sentence = `process ${pid} is a provider whose Pulumi engine is gone; it changes nothing`;
    return note("leftovers", sentence, `it ends by itself in seconds, or else: kill ${pid}`);
  });
}

/** `listed`: pid, parent and command of each process, a line each. */
export function strayProviders(listed: string): readonly number[] {
  const rows = listed.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
  const engines = new Set(rows.filter(({ command }) => isEngine(command)).map(({ pid }) => pid));
  return rows
    .filter(({ parent, command }) => isProvider(command) && !engines.has(parent))
    .map(({ pid }) => pid);
}

/** Each is started with its engine's address, after what options the engine hands on. */
function isProvider(command: string): boolean {
  return /\/infra\/provider\/main\.ts (-.* )?\S+:\d+$/.test(command.trimEnd());
}

/** Also where its path has blanks. */
function isEngine(command: string): boolean {
  return /(^|\/)pulumi( |$)/.test(command);
}
