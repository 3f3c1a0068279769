/** Whatever breaks, the former color keeps serving, and the message names the cause. */

import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { cutWhileTesting } from "./interruption.ts";
import {
  call,
  describeDialects,
  describeWith,
  endServer,
  kill,
  masterPid,
  onEnd,
  openFolder,
  routesTo,
  smallDisk,
  startColors,
  startedRouter,
  workerPids,
} from "./support.ts";
import type { Started } from "./support.ts";

/** A router on blue, with green attached. */
async function onBlue(dialect: "nginx" | "haproxy", change: Partial<RouterSpec> = {}) {
  const started = await startedRouter(dialect, change);
  const { blue, green } = await startColors();
  const attached = { blue: [blue.address], green: [green.address] };
  await started.router.setRoutes(routesTo("blue", attached));
  return { ...started, attached };
}

async function expectServed(started: Started, color: string): Promise<void> {
  expect(await call(started.port)).toMatchObject({ status: 200, text: color });
  expect((await started.router.read()).weights).toEqual(weightsOf(color as "blue"));
}

describeDialects("when something breaks", (dialect) => {
  test("a server that was killed comes back with the color of the last flip", async () => {
    const started = await onBlue(dialect);
    for (const color of ["green", "blue"] as const) {
      await started.router.setRoutes(routesTo(color, started.attached));
      const before = await started.router.read();
      endServer(started.spec);
      await expect.poll(() => call(started.port).catch(() => null)).toBeNull();
      expect((await started.router.read()).weights).toBeNull();
      await started.router.start();
      await expectServed(started, color);
      expect({ ...(await started.router.read()), traffic: null }).toEqual({
        ...before,
        traffic: null,
      });
    }
  });

  test("a full disk fails a flip before anything moved, but no way back, and it works again after", async (context) => {
    const { disk, mount } = smallDisk(context);
    const started = await onBlue(dialect, { dir: join(mount, "router") });
    const before = await started.router.read();
    disk.fill();
    const flip = started.router.setRoutes(routesTo("green", started.attached));
    await expect(flip).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/ENOSPC/) as string,
    });
    await expectServed(started, "blue");
    disk.free();
    expect(await started.router.read()).toMatchObject({ ...before, traffic: {} });
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
    disk.fill();
    // A way back has the room that was kept for it, and the next one has some again.
    await started.router.flip(routesTo("blue", started.attached));
    await expectServed(started, "blue");
    disk.free();
    await started.router.setRoutes(routesTo("green", started.attached));
    disk.fill();
    await started.router.flip(routesTo("blue", started.attached));
    await expectServed(started, "blue");
    disk.free();
    await started.router.flip(routesTo("green", started.attached));
    disk.fill();
    await started.router.flip(routesTo("blue", started.attached));
    await expectServed(started, "blue");
    endServer(started.spec);
    await expect.poll(() => masterPid(started.spec) === null || isGone(started)).toBe(true);
  });

  test("an address that can't be resolved is refused, and the former ones stay", async () => {
    const started = await onBlue(dialect);
    const attached = { ...started.attached, green: ["no-such-host.invalid:80"] };
    const routes = started.router.setRoutes(routesTo("blue", attached));
    await expect(routes).rejects.toMatchObject({
      message: expect.stringMatching(/refuses its configuration.*no-such-host/) as string,
    });
    await expectServed(started, "blue");
    expect((await started.router.read()).attached).toEqual(started.attached);
    expect((await started.router.read()).problems).toEqual([]);
  });

  test("a command that is killed while the server tests leaves a configuration that starts", async () => {
    const started = await onBlue(dialect);
    const { config } = filesOf(started.spec);
    const before = readFileSync(config, "utf8");
    const attached = { ...started.attached, green: ["no-such-host.invalid:80"] };
    await cutWhileTesting(started.spec, (router) => router.setRoutes(routesTo("blue", attached)));
    expect(readFileSync(config, "utf8")).toBe(before);
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
  });

  test("an address that would be more than one never gets into the configuration", async () => {
    const started = await onBlue(dialect);
    for (const address of ["127.0.0.1:80; evil on", "127.0.0.1:80\nevil", "{}:80", "$host:80"]) {
      const attached = { ...started.attached, green: [address] };
      await expect(started.router.setRoutes(routesTo("blue", attached))).rejects.toMatchObject({
        code: "SETTINGS_INVALID",
      });
    }
    await expectServed(started, "blue");
  });

  test("a lock of a process that died is taken over", async () => {
    const started = await onBlue(dialect);
    const { lock } = filesOf(started.spec);
    const dead = { host: hostname(), pid: 999_999_999, started: "long ago" };
    writeFileSync(lock, JSON.stringify({ ...dead, until: Date.now() + 60_000 }));
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
    expect(existsSync(lock)).toBe(false);
  });

  test("a lock of another machine is waited for until its time is over", async () => {
    const started = await onBlue(dialect);
    const until = Date.now() + 700;
    const other = { host: "elsewhere", pid: 1, started: "then", until };
    writeFileSync(filesOf(started.spec).lock, JSON.stringify(other));
    await started.router.setRoutes(routesTo("green", started.attached));
    expect(Date.now()).toBeGreaterThan(until);
    await expectServed(started, "green");
  });

  test("switches at the same time happen one after the other, and the latest one wins", async () => {
    const started = await onBlue(dialect);
    const wanted = Array.from({ length: 8 }, (_, index) =>
      routesTo(index % 2 === 0 ? "green" : "blue", started.attached),
    );
    const ends = await Promise.allSettled(wanted.map((each) => started.router.setRoutes(each)));
    const refusals = ends.flatMap((end) =>
      end.status === "rejected" ? [end.reason as unknown] : [],
    );
    for (const refused of refusals) expect(refused).toMatchObject({ code: "DRIFT" });
    const last = wanted.at(-1) ?? expect.fail("none was wanted");
    const { generation, weights, problems } = await started.router.read();
    expect({ generation, weights }).toEqual({
      generation: last.generation,
      weights: last.weights,
    });
    expect(problems).toEqual([]);
  });

  test("a state that a newer bluegreen wrote is told, not guessed at", async () => {
    const started = await onBlue(dialect);
    const { states } = filesOf(started.spec);
    const name = await stateServed(started);
    writeFileSync(`${states}/${name}.json`, JSON.stringify({ schema: 2 }));
    const reading = await started.router.read();
    expect(reading).toMatchObject({ weights: weightsOf("blue"), generation: null });
    expect(reading.problems.join()).toMatch(/newer bluegreen/);
  });

  test("another server on the router's port is told apart from it", async () => {
    const started = await onBlue(dialect);
    const other = new ProxyRouter({ ...started.spec, name: "other" }, thisMachine);
    const { weights, problems } = await other.read();
    expect(weights).toBeNull();
    expect(problems.join()).toMatch(/isn't the router "other"/);
  });
});

describeWith(["nginx"], "nginx: when something breaks", () => {
  test("a killed worker is replaced by one that serves the same color", async () => {
    const started = await onBlue("nginx");
    await started.router.setRoutes(routesTo("green", started.attached));
    const before = workerPids(started.spec);
    for (const pid of before) kill(pid, "SIGKILL");
    await expect
      .poll(() =>
        call(started.port).then(
          ({ text }) => text,
          () => null,
        ),
      )
      .toBe("green");
    expect(workerPids(started.spec)).not.toEqual(before);
    await expectServed(started, "green");
  });

  test("a lost link means 503, is told, and the next start brings the state back", async () => {
    const started = await onBlue("nginx");
    rmSync(filesOf(started.spec).live);
    expect((await call(started.port)).status).toBe(503);
    const { weights, problems } = await started.router.read();
    expect(weights).toEqual(weightsOf(null));
    expect(problems.join()).toMatch(/finds no state/);
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
  });

  test("a first process that is gone is told, and its workers switch all the same", async () => {
    const started = await onBlue("nginx");
    const workers = workerPids(started.spec);
    const first = masterPid(started.spec) ?? expect.fail("there is no first process");
    onEnd(() => {
      for (const worker of workers) kill(worker, "SIGKILL");
    });
    kill(first, "SIGKILL");
    await expect
      .poll(async () => (await started.router.read()).problems.join())
      .toMatch(/nginx answers, but .* doesn't lead to its process/);
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
  });

  test("workers that may not enter the folder are found out at the start", async (context) => {
    if (process.getuid?.() !== 0) return context.skip("only root's workers have another account");
    const parent = openFolder();
    chmodSync(parent, 0o700);
    const start = startedRouter("nginx", { dir: join(parent, "router") });
    await expect(start).rejects.toMatchObject({
      code: "SWITCH_NOT_SERVED",
      hint: expect.stringMatching(/May the workers of nginx enter/) as string,
    });
  });
});

describeWith(["haproxy"], "haproxy: when something breaks", () => {
  test("a runtime socket that is gone: the master passes on what is asked and told", async () => {
    const started = await onBlue("haproxy");
    rmSync(filesOf(started.spec).socket);
    await started.router.setRoutes(routesTo("green", started.attached));
    await expectServed(started, "green");
    const { weights, traffic, problems } = await started.router.read();
    expect({ weights, traffic: traffic.kind }).toEqual({
      weights: { blue: 0, green: 100 },
      traffic: "counted",
    });
    expect(problems).toEqual([expect.stringMatching(/runtime socket .* is gone/)]);
  });

  test("both sockets gone fail the flip, and file and process stay as one", async () => {
    const started = await onBlue("haproxy");
    const { socket, masterSocket, map } = filesOf(started.spec);
    const before = readFileSync(map, "utf8");
    rmSync(socket);
    rmSync(masterSocket);
    const flip = started.router.setRoutes(routesTo("green", started.attached));
    await expect(flip).rejects.toMatchObject({
      code: "ROUTER_DOWN",
      message: expect.stringContaining(socket) as string,
      hint: expect.stringContaining("level admin") as string,
    });
    expect(readFileSync(map, "utf8")).toBe(before);
    await expectServed(started, "blue");
    const { traffic, problems } = await started.router.read();
    expect(traffic.kind).toBe("unknown");
    expect(problems.join()).toMatch(/runtime socket/);
  });

  test("a map that somebody set past us is told, and a start makes the file agree", async () => {
    const started = await onBlue("haproxy");
    const { map } = filesOf(started.spec);
    const served = readFileSync(map, "utf8");
    writeFileSync(map, "live none-0-000000000000\n");
    expect((await started.router.read()).problems.join()).toMatch(/a restart would find none/);
    await started.router.start();
    expect(readFileSync(map, "utf8")).toBe(served);
    await expectServed(started, "blue");
  });
});

function isGone({ spec }: Started): boolean {
  return workerPids(spec).length === 0;
}

async function stateServed({ spec }: Started): Promise<string> {
  const headers = { host: "shop.bluegreen.invalid" };
  return (await call(spec.port, { headers })).text.trim().split(" ")[2] ?? "";
}
