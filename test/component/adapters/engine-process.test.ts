/** Signals of a terminal: they reach the driver's whole process group, and the engine isn't in it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { runEngine } from "../../../automation/adapters/engine-process.ts";
import { start } from "../../support/project/command.ts";
import type { Running } from "../../support/project/command.ts";
import { endProcesses, processesOf, untilGone } from "../../support/project/processes.ts";
import { eventually } from "../../support/project/waiting.ts";

const driver = fileURLToPath(new URL("interrupted-driver.ts", import.meta.url));

/** Says who it is and ends when it is told to, or at its second interrupt, as Pulumi does. */
const engine = `#!/usr/bin/env node
const { existsSync, renameSync, writeFileSync } = require("node:fs");
const folder = process.argv[2];
let interrupts = 0;
process.on("SIGINT", () => {
  interrupts += 1;
  writeFileSync(folder + "/interrupts", String(interrupts));
  if (interrupts === 2) process.exit(1);
});
writeFileSync(folder + "/part", String(process.pid));
renameSync(folder + "/part", folder + "/begun");
setInterval(() => {
  if (!existsSync(folder + "/go")) return;
  console.log("finished");
  process.exit(0);
}, 10);
`;

interface Scene {
  readonly folder: string;
  readonly file: string;
}

function makeScene(): Scene {
  const folder = mkdtempSync(join(tmpdir(), "bluegreen-engine-process-"));
  onTestFinished(async () => {
    await endProcesses(processesOf(folder).map(({ pid }) => pid));
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, "engine");
  writeFileSync(file, engine, { mode: 0o755 });
  return { folder, file };
}

/** With the engine's process id, once that one works. */
async function startDriver({ folder, file }: Scene): Promise<{ running: Running; pid: number }> {
  const args = [driver, file, folder];
  const running = start({ file: process.execPath, args, cwd: folder, env: process.env });
  const begun = join(folder, "begun");
  await eventually(running.said, () => (existsSync(begun) ? true : null));
  return { running, pid: Number(readFileSync(begun, "utf8")) };
}

function said(running: Running, text: string): Promise<true> {
  return eventually(
    () => `${text}; said: ${running.said()}`,
    () => (running.said().includes(text) ? true : null),
  );
}

it("lets the engine end its work at a terminal's Ctrl-C", async () => {
  const scene = makeScene();
  const { running } = await startDriver(scene);
  running.ctrlC();
  await said(running, "signal 1");
  writeFileSync(join(scene.folder, "go"), "");
  const run = await running.done;
  expect(run).toMatchObject({ code: 0, stdout: "signal 1\nwell: finished\n" });
  expect(existsSync(join(scene.folder, "interrupts"))).toBe(false);
});

it("ends the engine with a driver that leaves at the second Ctrl-C", async () => {
  const scene = makeScene();
  const { running, pid } = await startDriver(scene);
  running.ctrlC();
  await said(running, "signal 1");
  running.ctrlC();
  expect(await running.done).toMatchObject({ code: 130 });
  await untilGone(pid);
  expect(readFileSync(join(scene.folder, "interrupts"), "utf8")).toBe("2");
});

it("says of an engine how it didn't end well", async () => {
  const run = (script: string, limitMs?: number) => {
    const limit = limitMs === undefined ? {} : { limitMs };
    return runEngine({ file: "sh", args: ["-c", script], env: {}, ...limit });
  };
  expect(await run("echo a; echo b >&2; exit 3")).toEqual({
    problem: "exit code 3",
    stdout: "a\n",
    stderr: "b\n",
  });
  expect(await run("kill -KILL $$")).toMatchObject({ problem: "Pulumi was killed with SIGKILL" });
  expect(await run("exec sleep 20", 100)).toMatchObject({
    problem: "Pulumi gave no answer within 100 ms",
  });
  expect(await runEngine({ file: "/no/such/engine", args: [], env: {} })).toMatchObject({
    problem: expect.stringMatching(/^Pulumi can't be started: .*ENOENT/) as string,
  });
});
