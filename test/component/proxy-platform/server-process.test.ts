/** Finding the server's process by its pid file and its command line. */

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { serverPid } from "../../../infra/platforms/proxy/server-process.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { kill, onEnd, specOf } from "./support.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A process with these words at the end of its command line, named by the pid file. */
async function running(words: (config: string) => readonly string[]) {
  const spec = await specOf("haproxy");
  const { pid: file, config } = filesOf(spec);
  const script = "setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", script, "--", ...words(config)], {
    stdio: "ignore",
  });
  const { pid = 0 } = child;
  onEnd(() => {
    kill(pid, "SIGKILL");
  });
  mkdirSync(spec.dir, { recursive: true });
  writeFileSync(file, String(pid));
  return { pid, access: accessOf(spec, thisMachine) };
}

test("the server is found however narrow the terminal is said to be", async () => {
  vi.stubEnv("COLUMNS", "40");
  const { pid, access } = await running((config) => ["-f", config]);
  expect(await serverPid(access)).toBe(pid);
});

test("another process with the server's former number isn't taken for it", async () => {
  const { access } = await running(() => ["-f", "/elsewhere/haproxy.cfg"]);
  expect(await serverPid(access)).toBeNull();
});
