/** What happens to a color when processes die: instances, supervisors, everything. */

import { spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import {
  askColor,
  ensureColor,
  inspectColor,
  resumeColor,
  stopColor,
} from "../../../infra/platforms/local/supervisor/client.ts";
import type { ColorStatus } from "../../../infra/platforms/local/supervisor/client.ts";
import { colorFolder } from "../../../infra/platforms/local/supervisor/color-folder.ts";
import type { LedgerEntry } from "../../../infra/platforms/local/supervisor/instance-ledger.ts";
import { markerName } from "../../../infra/platforms/local/supervisor/process-table.ts";
import { endProcesses, untilGone } from "../../support/project/processes.ts";
import {
  colorDir,
  fetchText,
  isRunning,
  killSupervisor,
  pidsOnRecord,
  server,
  specOf,
  supervisorPid,
  tempDir,
  textOf,
  waitFor,
} from "./color-fixture.ts";

/** Ignores SIGTERM, and has a child that does so too; both pids are in files. */
const stubborn = (dir: string) => `
  import { spawn } from "node:child_process";
  import { writeFileSync } from "node:fs";
  const child = 'process.on("SIGTERM", () => undefined); setInterval(() => undefined, 1000);' +
    'require("fs").writeFileSync(${JSON.stringify(join(dir, "child"))}, String(process.pid))';
  process.on("SIGTERM", () => undefined);
  spawn(process.execPath, ["-e", child], { stdio: "ignore" });
  ${server}`;

function only(status: ColorStatus | null): ColorStatus["instances"][number] {
  return status?.instances[0] ?? expect.fail("there is no instance");
}

function pidIn(path: string): Promise<number> {
  const look = () => {
    try {
      return Number(readFileSync(path, "utf8"));
    } catch {
      return 0;
    }
  };
  return waitFor(look, (pid) => pid > 0);
}

/** Null while the address is taken. */
function listenOn(address: string): Promise<Server | null> {
  const [host = "", port] = address.split(":");
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => {
      resolve(null);
    });
    server.listen(Number(port), host, () => {
      resolve(server);
    });
  });
}

async function ready(dir: string, count = 1): Promise<ColorStatus> {
  const status = await waitFor(
    () => askColor(dir),
    (seen) => seen?.ready === count,
  );
  return status ?? expect.fail("no status");
}

function ledgerOf(dir: string): { schema: 1; entries: LedgerEntry[] } {
  return JSON.parse(textOf(colorFolder(dir).ledger)) as { schema: 1; entries: LedgerEntry[] };
}

describe("an instance", () => {
  test("that dies is started again alone, on its address", async () => {
    const dir = colorDir();
    const before = await ensureColor(dir, specOf(server, { instances: 2 }));
    const { pid, address } = only(before);
    process.kill(Number(pid), "SIGKILL");
    const after = await waitFor(
      () => askColor(dir),
      (status) => status?.ready === 2 && only(status).pid !== pid,
    );
    expect(only(after)).toMatchObject({ address, restarts: 1, problem: null });
    expect(after?.instances[1]).toEqual(before.instances[1]);
    expect(after?.crashLoop).toBe(false);
  });

  test("that dies again and again waits longer each time, and is called a crash loop", async () => {
    const dir = colorDir();
    await ensureColor(dir, specOf(server));
    for (let crash = 1; crash <= 3; crash += 1) {
      await fetchText(only(await ready(dir)).address, "/crash");
      await waitFor(
        () => askColor(dir),
        (status) => only(status).restarts === crash,
      );
    }
    const status = await askColor(dir);
    expect(only(status)).toMatchObject({ state: "backoff", problem: "ended with exit code 3" });
    expect(status?.crashLoop).toBe(true);
    const pauses = [...textOf(join(dir, "supervisor.log")).matchAll(/next start in (\d+) ms/g)];
    expect(pauses.map(([, ms]) => Number(ms))).toEqual([250, 500, 1000]);
  });

  test("that stays healthy for a while is forgiven", async () => {
    const dir = colorDir();
    await ensureColor(dir, specOf(server, { startMs: 1000 }));
    const pauses = (): readonly string[] =>
      [...textOf(join(dir, "supervisor.log")).matchAll(/next start in (\d+) ms/g)].map(
        ([, ms = ""]) => ms,
      );
    const forgiven = (): boolean => pauses().slice(1).includes("250");
    // A busy machine may miss a look at it, and then it isn't forgiven that time.
    for (let crash = 1; crash <= 4 && !forgiven(); crash += 1) {
      await fetchText(only(await ready(dir)).address, "/crash");
      await waitFor(
        () => askColor(dir),
        (status) => only(status).restarts === crash,
      );
      await ready(dir);
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    expect(forgiven(), pauses().join(", ")).toBe(true);
  });

  test("that becomes unhealthy says why, and is ready again when it is healthy again", async () => {
    const dir = colorDir();
    const flag = join(tempDir(), "sick");
    const moody = `
      import { createServer } from "node:http";
      import { existsSync } from "node:fs";
      const status = () => existsSync(${JSON.stringify(flag)}) ? 500 : 200;
      createServer((request, response) => response.writeHead(status()).end())
        .listen(Number(process.env.PORT), "127.0.0.1");`;
    const { pid } = only(await ensureColor(dir, specOf(moody)));
    writeFileSync(flag, "");
    const sick = await waitFor(
      () => askColor(dir),
      (status) => status?.ready === 0,
    );
    expect(only(sick)).toMatchObject({
      state: "unready",
      problem: "GET /healthz answered 500",
      pid,
    });
    rmSync(flag);
    expect(only(await ready(dir))).toMatchObject({ pid, problem: null });
  });

  test("whose port is taken while it is away gets another", async () => {
    const dir = colorDir();
    const { pid, address } = only(await ensureColor(dir, specOf(server)));
    await killSupervisor(dir);
    process.kill(Number(pid), "SIGKILL");
    const intruder = await waitFor(
      () => listenOn(address),
      (server) => server !== null,
    );
    try {
      const status = await resumeColor(dir);
      expect(only(status).address).not.toBe(address);
    } finally {
      intruder?.close();
    }
  });

  test("that ignores SIGTERM is killed after its drain, with everything it started", async () => {
    const dir = colorDir();
    const notes = tempDir();
    const status = await ensureColor(dir, specOf(stubborn(notes)));
    const child = await pidIn(join(notes, "child"));
    const start = performance.now();
    await stopColor(dir, { drainMs: 400 });
    expect(performance.now() - start).toBeGreaterThan(400);
    expect(isRunning(Number(only(status).pid))).toBe(false);
    expect(isRunning(child)).toBe(false);
  });

  test("that crashes leaves no child behind", async () => {
    const dir = colorDir();
    const notes = tempDir();
    await ensureColor(dir, specOf(stubborn(notes)));
    const child = await pidIn(join(notes, "child"));
    await fetchText(only(await askColor(dir)).address, "/crash");
    await waitFor(
      () => isRunning(child),
      (running) => !running,
    );
    expect(only(await ready(dir)).restarts).toBe(1);
  });
});

describe("without its supervisor, a color", () => {
  test("serves on, writes its log, and is adopted by the next one", async () => {
    const dir = colorDir();
    const before = await ensureColor(dir, specOf(server, { instances: 2 }));
    const dead = await killSupervisor(dir);
    const { address, pid } = only(before);
    expect(await askColor(dir)).toBeNull();
    expect(await inspectColor(dir)).toMatchObject({
      supervisor: "none",
      orphans: [{ index: 0, address, pid }, { index: 1 }],
    });
    expect(await fetchText(address, "/while-alone")).toBe("ok 1");
    expect(textOf(join(dir, "logs/0.log"))).toContain("/while-alone");

    const after = await resumeColor(dir);
    expect(after).toEqual(before);
    expect(supervisorPid(dir)).not.toBe(dead);

    process.kill(Number(pid), "SIGKILL");
    const healed = await waitFor(
      () => askColor(dir),
      (status) => status?.ready === 2 && only(status).pid !== pid,
    );
    expect(only(healed)).toMatchObject({ address, restarts: 1 });
  });

  test("is grown by the next one without touching what runs", async () => {
    const dir = colorDir();
    const spec = specOf(server);
    const before = await ensureColor(dir, spec);
    await killSupervisor(dir);
    const after = await ensureColor(dir, { ...spec, instances: 2 });
    expect(after.instances[0]).toEqual(before.instances[0]);
    expect(after.ready).toBe(2);
  });

  test("is replaced by the next one when it gets another release", async () => {
    const dir = colorDir();
    const before = await ensureColor(dir, specOf(server, { instances: 2 }));
    await killSupervisor(dir);
    const after = await ensureColor(dir, specOf(server, { version: "2", digest: "sha256:2" }));
    expect(after).toMatchObject({ total: 1, ready: 1, version: "2" });
    for (const { pid } of before.instances) expect(isRunning(Number(pid))).toBe(false);
  });

  test("is found also where the supervisor died before it could write down the process", async () => {
    const dir = colorDir();
    const before = await ensureColor(dir, specOf(server));
    await killSupervisor(dir);
    const ledger = ledgerOf(dir);
    const entries = ledger.entries.map((entry) => ({ ...entry, process: null }));
    writeFileSync(colorFolder(dir).ledger, JSON.stringify({ ...ledger, entries }));
    expect(await resumeColor(dir)).toEqual(before);
    expect(pidsOnRecord(dir)).toEqual([only(before).pid]);
  });

  test("is stopped by what is on record", async () => {
    const dir = colorDir();
    const status = await ensureColor(dir, specOf(server, { instances: 2 }));
    await killSupervisor(dir);
    await stopColor(dir, { drainMs: 1000 });
    for (const { pid } of status.instances) expect(isRunning(Number(pid))).toBe(false);
    expect(await inspectColor(dir)).toEqual({ supervisor: "none", status: null, orphans: [] });
  });

  test("comes back as it was after everything died", async () => {
    const dir = colorDir();
    const before = await ensureColor(dir, specOf(server, { instances: 2 }));
    await killSupervisor(dir);
    for (const { pid } of before.instances) process.kill(Number(pid), "SIGKILL");
    const after = await resumeColor(dir);
    expect(after.ready).toBe(2);
    expect(after.instances.map((instance) => instance.address)).toEqual(
      before.instances.map((instance) => instance.address),
    );
  });
});

test("a process that merely has a recorded number is never signalled", async () => {
  const dir = colorDir();
  await ensureColor(dir, specOf(server));
  await stopColor(dir, { drainMs: 1000 });
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], {
    detached: true,
    stdio: "ignore",
  });
  const pid = stranger.pid ?? expect.fail("it didn't start");
  try {
    const entry = { index: 0, port: 1, release: "x", marker: "y/0/z" };
    const entries = [{ ...entry, process: { pid, started: "long ago" } }];
    writeFileSync(colorFolder(dir).ledger, JSON.stringify({ schema: 1, entries }));
    await stopColor(dir, { drainMs: 0 });
    expect(isRunning(pid)).toBe(true);
  } finally {
    stranger.kill("SIGKILL");
  }
});

test("a child that only inherited the marker isn't taken for the instance", async () => {
  const dir = colorDir();
  const detaching = `
    import { spawn } from "node:child_process";
    const idle = "setTimeout(() => undefined, 20000)";
    spawn(process.execPath, ["-e", idle], { detached: true, stdio: "ignore" });
    ${server}`;
  const before = await ensureColor(dir, specOf(detaching));
  const env = JSON.parse(
    (await fetchText(only(before).address, "/env")) ?? "",
  ) as NodeJS.ProcessEnv;
  expect(env[markerName]).toBe(ledgerOf(dir).entries[0]?.marker);
  await killSupervisor(dir);
  const ledger = ledgerOf(dir);
  const entries = ledger.entries.map((entry) => ({ ...entry, process: null }));
  writeFileSync(colorFolder(dir).ledger, JSON.stringify({ ...ledger, entries }));
  expect(only(await resumeColor(dir)).pid).toBe(only(before).pid);
});

describe("a color whose folder is gone", () => {
  interface Lost {
    readonly dir: string;
    readonly away: string;
    readonly supervisor: number;
    readonly address: string;
    readonly pid: number;
  }

  /** Whatever becomes of it, nothing of it is left after the test. */
  async function lostColor(): Promise<Lost> {
    const dir = colorDir();
    const status = await ensureColor(dir, specOf(server, { drainMs: 200 }));
    const supervisor = Number(supervisorPid(dir));
    const pid = Number(only(status).pid);
    onTestFinished(() => endProcesses([supervisor, pid]));
    const away = join(tempDir(), "away");
    renameSync(dir, away);
    return { dir, away, supervisor, pid, address: only(status).address };
  }

  const said = ({ away }: Lost, sentence: string) =>
    waitFor(
      () => textOf(join(away, "supervisor.log")),
      (log) => log.includes(sentence),
    );

  test("serves on, makes nothing anew, and is as it was once the folder is back", async () => {
    const lost = await lostColor();
    const { dir, away, pid, address, supervisor } = lost;
    await said(lost, "the color's folder is gone");
    // Longer than a house is looked after a few times, and than a lost folder was ever waited for.
    await new Promise((resolve) => setTimeout(resolve, 6500));
    expect(await fetchText(address, "/while-gone")).toBe("ok 1");
    expect([existsSync(dir), isRunning(supervisor), isRunning(pid)]).toEqual([false, true, true]);
    // As from a backup: sockets can't be restored.
    cpSync(away, dir, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    expect(await ready(dir)).toMatchObject({ ready: 1, version: "1" });
    expect(only(await askColor(dir))).toMatchObject({ pid, address });
    expect(supervisorPid(dir)).toBe(supervisor);
  });

  test("ends with all of its instances when its supervisor is terminated", async () => {
    const { supervisor, pid, dir } = await lostColor();
    process.kill(supervisor, "SIGTERM");
    await untilGone(supervisor);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test("ends when another supervisor has taken a new folder in its place", async () => {
    const { supervisor, pid, dir } = await lostColor();
    const status = await ensureColor(dir, specOf(server, { version: "2", digest: "sha256:2" }));
    await untilGone(supervisor);
    await untilGone(pid);
    expect(await askColor(dir)).toEqual(status);
    expect(pidsOnRecord(dir)).toEqual([only(status).pid]);
  });
});

test("a terminated supervisor leaves its instances to the next one", async () => {
  const dir = colorDir();
  const before = await ensureColor(dir, specOf(server));
  const supervisor = Number(supervisorPid(dir));
  process.kill(supervisor, "SIGTERM");
  await untilGone(supervisor);
  expect(await resumeColor(dir)).toEqual(before);
});

test("a supervisor that hangs is passed over by a stop", async () => {
  const dir = colorDir();
  const status = await ensureColor(dir, specOf(server));
  const supervisor = supervisorPid(dir) ?? expect.fail("no supervisor runs");
  process.kill(supervisor, "SIGSTOP");
  expect(await inspectColor(dir)).toMatchObject({ supervisor: "silent", status: null });
  await stopColor(dir, { drainMs: 1000 });
  expect(isRunning(supervisor)).toBe(false);
  expect(isRunning(Number(only(status).pid))).toBe(false);
});
