/** Adopts a process, leaves no file to open while it is looked at, then ends that process. */

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { startOf } from "../../../infra/process-identity.ts";
import { RunningProcess } from "../../../infra/platforms/local/supervisor/running-process.ts";

const child = spawn("sleep", ["60"], { stdio: "ignore" });
const pid = child.pid ?? 0;
let failedLooks = 0;
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (text: string | Uint8Array) => {
  failedLooks += 1;
  return write(text);
};

try {
  const running = RunningProcess.adopt({ pid, started: startOf(pid) ?? "" }, "marker");
  const ended = new Promise<void>((resolve) => {
    running.onEnd = resolve;
  });
  const files = takeAllFiles();
  await until(() => failedLooks > 0);
  await pause(600);
  files.forEach(closeSync);
  process.stdout.write("looks failed\n");
  child.kill("SIGKILL");
  await ended;
  process.stdout.write("ended\n");
} finally {
  child.kill("SIGKILL");
}

function takeAllFiles(): number[] {
  const files: number[] = [];
  try {
    for (let count = 0; count < 10_000; count += 1) files.push(openSync("/dev/null", "r"));
  } catch {
    // All are taken, as it should be.
  }
  return files;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error("no look has failed");
    await pause(25);
  }
}
