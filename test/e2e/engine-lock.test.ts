/** The lock that a killed update leaves is seen and taken over; a living update's never is. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  describeLock,
  noteHeldLocks,
  stackLocks,
  takeOverDeadLocks,
} from "../../automation/engine/lock.ts";
import type { StackAddress, StackLock } from "../../automation/engine/lock.ts";
import { lookAtProcess } from "../../automation/engine/processes.ts";
import { engineOfThisMachine, makeProject } from "../component/engine/project.ts";
import type { Project } from "../component/engine/project.ts";
import { eventually } from "../component/engine/scratch.ts";

const engine = await engineOfThisMachine();
if (engine === null) console.warn("skipped: this machine has no Pulumi engine");

const driverFile = fileURLToPath(new URL("../component/engine/stuck-update.ts", import.meta.url));

describe.skipIf(engine === null)("the lock of an update", () => {
  let project: Project | undefined;
  const started: ChildProcess[] = [];
  const pids: number[] = [];

  beforeEach(async () => {
    if (engine !== null) project = await makeProject(engine);
  });

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
    for (const pid of pids.splice(0)) {
      if ((await lookAtProcess(pid))?.name.includes("pulumi") === true)
        process.kill(pid, "SIGKILL");
    }
    await project?.scratch.remove();
  });

  async function stuckUpdate(): Promise<{ address: StackAddress; lock: StackLock }> {
    if (project === undefined) throw new Error("there is no project");
    const running = project.scratch.path("running");
    const options = { env: project.env, stdio: "ignore" } as const;
    started.push(spawn(process.execPath, [driverFile, project.folder, running], options));
    // Only then: making the stack takes a lock of its own for a moment.
    await eventually("the update runs", () => (existsSync(running) ? true : null), 30_000);
    const address = { url: project.backendUrl, project: "stuck", stack: "dev" };
    await noteHeldLocks(address);
    const locks = await stackLocks(address);
    const [lock] = locks === "unknown" ? [] : locks;
    if (lock === undefined) throw new Error("the running update holds no lock");
    pids.push(lock.pid ?? 0);
    return { address, lock };
  }

  it("is live while the update runs, and isn't touched", async () => {
    const { address, lock } = await stuckUpdate();
    expect(lock.state).toBe("live");
    expect(describeLock(lock, Date.now())).toMatch(/^held by .*, process \d+ on .*is alive$/);
    expect(await takeOverDeadLocks(address)).toEqual([]);
    expect(await stackLocks(address)).toMatchObject([{ id: lock.id, state: "live" }]);
  });

  it("is dead after a kill, stops Pulumi, and lets it go on once taken over", async () => {
    const { address, lock } = await stuckUpdate();
    const [driver] = started;
    process.kill(lock.pid ?? 0, "SIGKILL");
    if (driver?.exitCode === null) await once(driver, "exit");
    expect(await stackLocks(address)).toMatchObject([{ id: lock.id, state: "dead" }]);

    await project?.write("Pulumi.yaml", "name: stuck\nruntime: yaml\n");
    const destroy = "pulumi destroy --yes --non-interactive --stack dev";
    const refused = await project?.sh(destroy);
    expect(refused?.output).toContain("the stack is currently locked");

    expect(await takeOverDeadLocks(address)).toMatchObject([{ id: lock.id }]);
    expect(await stackLocks(address)).toEqual([]);
    expect(await project?.sh(destroy)).toMatchObject({ code: 0 });
  });
});
