/** The router's lock: held by one at a time, renewed, fenced, and no obstacle when it is lost. */

import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { NoAnswer } from "../../../infra/platforms/proxy/host.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import type { LockTimes } from "../../../infra/platforms/proxy/lock.ts";
import { underLock } from "../../../infra/platforms/proxy/lock.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import {
  call,
  describeDialects,
  describeWith,
  openFolder,
  routesTo,
  startColors,
  startInstance,
  startedRouter,
} from "./support.ts";

afterEach(() => {
  vi.useRealTimers();
});

const quick: LockTimes = {
  ...{ heldMs: 2_000, renewMs: 200, beatMs: 100, stillMs: 1_000 },
  ...{ seenMs: 0, waitMs: 10_000 },
};

function lockText(change: object = {}): string {
  const until = Date.now() + 60_000;
  return JSON.stringify({ host: "elsewhere", pid: 1, started: "then", until, ...change });
}

/** What the server is to follow, as text. */
function pointerOf(spec: RouterSpec): string {
  const { live, map } = filesOf(spec);
  return spec.dialect === "nginx" ? readlinkSync(live) : readFileSync(map, "utf8");
}

/** Work that notes how many did it at once. */
function counted(ms: number) {
  const seen = { inside: 0, most: 0 };
  const work = async (): Promise<void> => {
    seen.inside += 1;
    seen.most = Math.max(seen.most, seen.inside);
    await sleep(ms);
    seen.inside -= 1;
  };
  return { seen, work };
}

test("a lock that nobody holds any more is taken over by one, however slow the others are", async () => {
  const path = join(openFolder(), "lock");
  writeFileSync(path, lockText({ until: 0 }));
  // Between what it read and what it does about it, somebody else takes the lock.
  const slow: Host = {
    ...thisMachine,
    remove: async (file) => {
      await sleep(100);
      await thisMachine.remove(file);
    },
    removeIf: async (file, text) => {
      await sleep(100);
      return thisMachine.removeIf(file, text);
    },
  };
  const { seen, work } = counted(300);
  await Promise.all([underLock(thisMachine, path, work), underLock(slow, path, work)]);
  expect(seen.most).toBe(1);
});

test("only the file with the very text is removed, and any other stays what it is", async () => {
  const path = join(openFolder(), "lock");
  expect(await thisMachine.removeIf(path, "one")).toBe(false);
  writeFileSync(path, "other");
  expect(await thisMachine.removeIf(path, "one")).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("other");
  expect(await thisMachine.removeIf(path, "other")).toBe(true);
  expect(await thisMachine.read(path)).toBeNull();
});

test("work that takes longer than a lock lasts keeps it, and those who wait come after", async () => {
  const folder = openFolder();
  const path = join(folder, "lock");
  const order: string[] = [];
  const long = underLock(
    thisMachine,
    path,
    async (fenced) => {
      for (let step = 0; step < 16; step += 1) {
        await sleep(150);
        await fenced.remove(join(folder, "file"));
      }
      order.push("long");
    },
    quick,
  );
  await expect.poll(() => thisMachine.read(path)).not.toBeNull();
  await underLock(thisMachine, path, () => Promise.resolve(order.push("next")), quick);
  await long;
  expect(order).toEqual(["long", "next"]);
});

test("work that changes nothing for long keeps its lock, also from those whose clock is ahead", async () => {
  const path = join(openFolder(), "lock");
  const order: string[] = [];
  const long = underLock(
    thisMachine,
    path,
    async () => {
      await sleep(3_000);
      order.push("long");
    },
    quick,
  );
  await expect.poll(() => thisMachine.read(path)).not.toBeNull();
  await underLock(thisMachine, path, () => Promise.resolve(order.push("next")), quick);
  await long;
  expect(order).toEqual(["long", "next"]);
});

test("a lock that nobody renews is waited for no longer than that shows, whatever it says", async () => {
  const path = join(openFolder(), "lock");
  writeFileSync(path, lockText({ until: Date.now() + 3_600_000 }));
  const started = performance.now();
  await underLock(thisMachine, path, () => Promise.resolve(), quick);
  expect(performance.now() - started).toBeGreaterThan(quick.stillMs);
});

test("a renewal that comes too late changes nothing more, and two never work at once", async () => {
  const folder = openFolder();
  const path = join(folder, "lock");
  const done: string[] = [];
  let stalls = true;
  const slow: Host = {
    ...thisMachine,
    async write(file, text) {
      if (file === path && stalls) {
        stalls = false;
        await sleep(2 * quick.stillMs);
      }
      await thisMachine.write(file, text);
    },
  };
  const first = underLock(
    slow,
    path,
    async (fenced) => {
      await sleep(quick.stillMs);
      await fenced.write(join(folder, "file"), "first");
      done.push("first");
    },
    quick,
  );
  await expect.poll(() => thisMachine.read(path)).not.toBeNull();
  const second = underLock(
    thisMachine,
    path,
    async (fenced) => {
      await fenced.write(join(folder, "file"), "second");
      done.push("second");
    },
    quick,
  );
  await expect(first).rejects.toMatchObject({ name: "Overtaken" });
  await second;
  expect(done).toEqual(["second"]);
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("second");
});

test("looks at a lock whose host is slow don't pile up behind the work", async () => {
  const folder = openFolder();
  const path = join(folder, "lock");
  let reads = 0;
  const lost: Host = {
    ...thisMachine,
    async read(file) {
      reads += 1;
      await sleep(500);
      throw new BlueGreenError("HOST_UNREACHABLE", `${file} can't be read`);
    },
  };
  const work = async (fenced: Host): Promise<void> => {
    await sleep(1_500);
    await fenced.write(join(folder, "file"), "one");
  };
  await expect(underLock(lost, path, work, quick)).rejects.toMatchObject({
    code: "HOST_UNREACHABLE",
  });
  // Every half second one, and that of the change; a beat every 100 ms would make fifteen.
  expect(reads).toBeLessThanOrEqual(6);
});

test("who was overtaken changes nothing more, and leaves the other's lock", async () => {
  const folder = openFolder();
  const path = join(folder, "lock");
  const theirs = lockText();
  const work = async (fenced: Host): Promise<void> => {
    writeFileSync(path, theirs);
    await fenced.write(join(folder, "file"), "late");
  };
  await expect(underLock(thisMachine, path, work, quick)).rejects.toMatchObject({
    ...{ code: "ROUTER_BUSY", name: "Overtaken" },
    message: "this took too long, and the router is now changed by process 1 of elsewhere",
  });
  expect(await thisMachine.list(folder)).toEqual(["lock"]);
  expect(readFileSync(path, "utf8")).toBe(theirs);
});

test("a lock that can't be given back hides no error, fails no work, and isn't waited for", async () => {
  const path = join(openFolder(), "lock");
  const gone = () => Promise.reject(new BlueGreenError("HOST_UNREACHABLE", "cut"));
  const lost: Host = { ...thisMachine, remove: gone, removeIf: gone };
  const failing = underLock(lost, path, () => Promise.reject(new Error("the work's own")));
  await expect(failing).rejects.toThrow("the work's own");
  expect(await underLock(thisMachine, path, () => Promise.resolve("done"))).toBe("done");
  expect(await underLock(lost, path, () => Promise.resolve("done"))).toBe("done");
  const began = Date.now();
  expect(await underLock(thisMachine, path, () => Promise.resolve("again"))).toBe("again");
  expect(Date.now() - began).toBeLessThan(5_000);
});

test("one look at the lock that fails stops that change only, and a renewal too", async () => {
  const folder = openFolder();
  const path = join(folder, "lock");
  const gone = new BlueGreenError("HOST_UNREACHABLE", "cut");
  for (const lost of ["read", "written before", "written after"]) {
    let failures = 0;
    const fails = (at: string, file: string): boolean =>
      lost === at && file === path && failures++ === 0;
    const host: Host = {
      ...thisMachine,
      async read(file) {
        if (fails("read", file)) throw gone;
        return thisMachine.read(file);
      },
      async write(file, text) {
        if (fails("written before", file)) throw gone;
        await thisMachine.write(file, text);
        if (fails("written after", file)) throw gone;
      },
    };
    const work = async (fenced: Host): Promise<void> => {
      await sleep(quick.renewMs + 10);
      await expect(fenced.write(join(folder, "file"), lost)).rejects.toBe(gone);
      await fenced.write(join(folder, "file"), lost);
    };
    await underLock(host, path, work, { ...quick, beatMs: 60_000 });
    expect(readFileSync(join(folder, "file"), "utf8")).toBe(lost);
    expect(await thisMachine.list(folder)).toEqual(["file"]);
  }
});

test("a lock that can't be removed is waited for only so long", async () => {
  const path = join(openFolder(), "lock");
  writeFileSync(path, lockText({ until: 0 }));
  const host: Host = { ...thisMachine, removeIf: () => Promise.resolve(false) };
  const waiting = underLock(host, path, () => Promise.resolve(), { ...quick, waitMs: 200 });
  await expect(waiting).rejects.toMatchObject({ code: "ROUTER_BUSY" });
});

describeDialects("a flip whose host fails once at a look at the lock", (dialect) => {
  test("is taken back", async () => {
    const { router, spec, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("blue", attached));
    const former = pointerOf(spec);
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const failing of [1, 2]) {
      let [looks, asked] = [0, false];
      const isMoved = (): boolean => pointerOf(spec) !== former;
      const flaky: Host = {
        ...thisMachine,
        async read(path) {
          const isLook = path === filesOf(spec).lock && (isMoved() || looks > 0);
          if (isLook) looks += 1;
          if (isLook && looks <= failing) {
            throw new BlueGreenError("HOST_UNREACHABLE", "one blip");
          }
          return thisMachine.read(path);
        },
        async write(path, text, mode) {
          await thisMachine.write(path, text, mode);
          if (path.startsWith(filesOf(spec).states)) vi.setSystemTime(Date.now() + 4_000);
        },
        async ask(endpoint, text, deadlineMs) {
          const isStatus = text.startsWith("GET ");
          if (!isMoved() || !isStatus || asked) {
            return thisMachine.ask(endpoint, text, deadlineMs);
          }
          asked = true;
          vi.setSystemTime(Date.now() + 1_500);
          throw new NoAnswer("slow");
        },
      };
      const change = new ProxyRouter(spec, flaky).setRoutes(routesTo("green", attached));
      await expect(change).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
      expect(looks).toBeGreaterThanOrEqual(failing);
      expect((await call(port)).text).toBe("blue");
      expect((await router.read()).problems).toEqual([]);
    }
  });
});

describeWith(["haproxy"], "haproxy: a change that was overtaken after its map was written", () => {
  test("tells nothing to the process", async () => {
    const { router, spec, port } = await startedRouter("haproxy");
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("green", attached));
    const late = routesTo("blue", attached);
    const rollback = routesTo("green", attached);
    vi.useFakeTimers({ toFake: ["Date"] });
    let isOvertaken = false;
    const slow: Host = {
      ...thisMachine,
      async write(path, text, mode) {
        await thisMachine.write(path, text, mode);
        if (isOvertaken || path !== filesOf(spec).map) return;
        isOvertaken = true;
        vi.setSystemTime(Date.now() + 90_000);
        await router.flip(rollback);
      },
    };
    await expect(new ProxyRouter(spec, slow).setRoutes(late)).rejects.toMatchObject({
      code: "ROUTER_BUSY",
    });
    const { generation, problems } = await router.read();
    expect({ generation, problems }).toEqual({ generation: rollback.generation, problems: [] });
    expect((await call(port)).text).toBe("green");
  });
});

describeDialects("a change that somebody else overtook", (dialect) => {
  test("doesn't move traffic back", async () => {
    const { router, spec, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const more = await startInstance("blue");
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("green", attached));
    const late = routesTo("blue", { ...attached, blue: [blue.address, more.address] });
    const rollback = routesTo("green", attached);
    vi.useFakeTimers({ toFake: ["Date"] });
    const slow: Host = {
      ...thisMachine,
      async run(argv, options) {
        const ran = await thisMachine.run(argv, options);
        if (argv[0] !== spec.program) return ran;
        // The test of the configuration took so long that the lock ended.
        vi.setSystemTime(Date.now() + 90_000);
        await router.flip(rollback);
        return ran;
      },
    };
    await expect(new ProxyRouter(spec, slow).setRoutes(late)).rejects.toMatchObject({
      code: "ROUTER_BUSY",
    });
    expect(await router.read()).toMatchObject({ generation: rollback.generation });
    expect((await call(port)).text).toBe("green");
  });
});
