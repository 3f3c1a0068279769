/** Which locks of a file backend count as dead, with real processes of this host. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeLock, stackLocks, takeOverDeadLocks } from "../../../automation/engine/lock.ts";
import type { LockState, StackAddress } from "../../../automation/engine/lock.ts";
import { noteLocks } from "../../../automation/engine/lock-notes.ts";
import { lookAtProcess } from "../../../automation/engine/processes.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;
let address: StackAddress;
const started: ChildProcess[] = [];
const locks = ".pulumi/locks/organization/shop/dev";

beforeEach(async () => {
  scratch = await makeScratch();
  process.env["XDG_STATE_HOME"] = scratch.path("state");
  address = { url: pathToFileURL(scratch.folder).href, project: "shop", stack: "dev" };
  await mkdir(scratch.path(locks), { recursive: true });
});

afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await scratch.remove();
});

async function living(command = "sleep"): Promise<number> {
  const child = spawn(command, ["60"], { stdio: "ignore" });
  started.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

async function dead(): Promise<number> {
  const child = spawn("true", { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

async function lock(id: string, pid: number, rest: object = {}): Promise<void> {
  const timestamp = new Date().toISOString();
  const content = { pid, username: "ann", hostname: hostname(), timestamp, ...rest };
  await writeFile(scratch.path(locks, `${id}.json`), JSON.stringify(content));
  await writeFile(scratch.path(locks, `${id}.json.attrs`), "{}");
  // In a container only such locks are judged; container.test.ts has the others.
  expect(await noteLocks([id])).toBe(true);
}

async function states(): Promise<Record<string, LockState>> {
  const found = await stackLocks(address);
  return found === "unknown" ? {} : Object.fromEntries(found.map(({ id, state }) => [id, state]));
}

const anHourAgo = { timestamp: new Date(Date.now() - 3_600_000).toISOString() };

describe("a lock", () => {
  it("is dead when its process is, and live as long as that lives", async () => {
    await lock("a", await dead());
    await lock("b", await living());
    expect(await states()).toEqual({ a: "dead", b: "live" });
  });

  it("is dead when its pid meanwhile is another program's", async () => {
    await lock("reused", await living(), anHourAgo);
    expect(await states()).toEqual({ reused: "dead" });
  });

  it("is live when the program of that pid is a pulumi, whatever the clocks say", async () => {
    const pulumi = await scratch.script("pulumi-next", "while :; do sleep 1; done");
    await lock("pulumi", await living(pulumi), anHourAgo);
    expect(await states()).toEqual({ pulumi: "live" });
  });

  it("that was cut short by a full disk is nobody's, once it is older than a write takes", async () => {
    const file = scratch.path(locks, "a.json.18ea0b2f7137f8dc.tmp");
    await writeFile(file, "");
    expect(Object.values(await states())).toEqual(["unreadable"]);
    const minuteAgo = new Date(Date.now() - 60_000);
    await utimes(file, minuteAgo, minuteAgo);
    expect(await takeOverDeadLocks(address)).toMatchObject([{ state: "dead", pid: null }]);
    expect(await readdir(scratch.path(locks))).toEqual([]);
  });

  it("of another host is never judged", async () => {
    await lock("far", await dead(), { hostname: "elsewhere" });
    expect(await states()).toEqual({ far: "other-host" });
  });

  it.each(["", "null", "{}", '{"pid":"x"}'])(
    "that says only %j is nobody's to take",
    async (text) => {
      await writeFile(scratch.path(locks, "odd.json"), text);
      expect(await states()).toEqual({ odd: "unreadable" });
      expect(await takeOverDeadLocks(address)).toEqual([]);
      expect(await readdir(scratch.path(locks))).toEqual(["odd.json"]);
    },
  );

  it("is unknown where the backend isn't a folder", async () => {
    expect(await stackLocks({ ...address, url: "s3://bucket" })).toBe("unknown");
    expect(await takeOverDeadLocks({ ...address, url: null })).toBe("unknown");
  });

  it("of another stack doesn't count", async () => {
    await lock("a", await dead());
    expect(await stackLocks({ ...address, stack: "prod" })).toEqual([]);
  });
});

describe("taking over", () => {
  it("deletes each dead lock by its id and no other file", async () => {
    await lock("a", await dead());
    await lock("b", await living());
    await lock("c", await dead(), { hostname: "elsewhere" });
    const taken = await takeOverDeadLocks(address);
    expect(taken).toMatchObject([{ id: "a", user: "ann", state: "dead" }]);
    const left = (await readdir(scratch.path(locks))).sort();
    expect(left).toEqual(["b.json", "b.json.attrs", "c.json", "c.json.attrs"]);
  });

  it("by a person removes just the lock that was shown", async () => {
    await lock("b", await living());
    await lock("c", await dead(), { hostname: "elsewhere" });
    const found = await stackLocks(address);
    const far = found === "unknown" ? undefined : found.find(({ id }) => id === "c");
    if (far === undefined) throw new Error("the lock isn't listed");
    await removeLock(far);
    expect(await states()).toEqual({ b: "live" });
  });
});

describe("a process", () => {
  it("started about when the system says", async () => {
    const sight = await lookAtProcess(await living());
    expect(sight?.name).toBe("sleep");
    expect(Math.abs((sight?.startedAt ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it.each([0, -1, 2 ** 30, 1.5])("with the pid %d doesn't exist", async (pid) => {
    expect(await lookAtProcess(pid)).toBeNull();
  });
});
