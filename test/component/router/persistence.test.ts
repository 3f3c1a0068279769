/** The routes survive whatever happens to the router's process and, mostly, to its files. */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { askRouter, setRoutes, startRouter } from "../../../infra/platforms/local/router/client.ts";
import { isAlive } from "../../../infra/process-identity.ts";
import {
  call,
  freePort,
  processDir,
  routesTo,
  specOf,
  startHere,
  startInstance,
  tempDir,
  until,
} from "./support.ts";

const mark = {
  generation: 3,
  at: "2030-01-01T00:00:00.000Z",
  by: "ann",
  reason: "too slow",
  pin: null,
};

test("serves the same routes again after it was killed", async () => {
  const dir = processDir();
  const instance = await startInstance("green");
  const spec = specOf(dir, { port: await freePort() });
  const first = await startRouter(spec);
  const routes = routesTo("green", { green: [instance.address] }, { generation: 3, mark });
  await setRoutes(dir, routes);
  process.kill(first.pid, "SIGKILL");
  await until("the process to end", () => !isAlive(first));
  expect(await askRouter(dir)).toBeNull();
  const second = await startRouter(spec);
  expect(second.pid).not.toBe(first.pid);
  expect(second.routes).toMatchObject(routes);
  expect(second.problems).toEqual([]);
  expect((await call(spec.port)).text).toBe("green GET");
});

/** Routes of generation 2, with those of generation 1 as a backup. */
async function writtenTwice(): Promise<string> {
  const dir = tempDir();
  const { router } = await startHere({ dir });
  const attached = { blue: ["127.0.0.1:1"], green: ["127.0.0.1:2"] };
  await router.setRoutes({ routes: routesTo("blue", attached, { generation: 1 }) });
  await router.setRoutes({ routes: routesTo("green", attached, { generation: 2 }) });
  return dir;
}

function cutInHalf(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, text.length / 2));
}

test("falls back to the previous routes when its file was cut in half, and says so", async () => {
  const dir = await writtenTwice();
  cutInHalf(join(dir, "routes.json"));
  const { router } = await startHere({ dir });
  const status = router.status();
  expect(status.routes).toMatchObject({ generation: 1, weights: { blue: 100, green: 0 } });
  expect(status.problems.join(" ")).toMatch(/routes\.json can't be used.*backup/);
  await router.setRoutes({ routes: status.routes });
  expect(router.status().problems).toEqual([]);
  const { router: next } = await startHere({ dir });
  expect(next.status()).toMatchObject({ routes: { generation: 1 }, problems: [] });
});

test("starts inactive and says so when neither file can be used", async () => {
  const dir = await writtenTwice();
  cutInHalf(join(dir, "routes.json"));
  cutInHalf(join(dir, "routes.backup.json"));
  const { router, port } = await startHere({ dir });
  expect(router.status()).toMatchObject({ state: "inactive", routes: { generation: 0 } });
  expect(router.status().problems.at(-1)).toContain("started inactive");
  expect((await call(port)).status).toBe(503);
});

test("uses the backup when only that is there, and says so", async () => {
  const dir = await writtenTwice();
  rmSync(join(dir, "routes.json"));
  const { router } = await startHere({ dir });
  const { routes, problems } = router.status();
  expect(routes.generation).toBe(1);
  expect(problems.join(" ")).toMatch(/routes\.json is missing.*backup/);
  await router.setRoutes({ routes });
  expect(router.status().problems).toEqual([]);
});

test("has nothing to report when it starts for the first time", async () => {
  const { router } = await startHere();
  expect(router.status()).toMatchObject({ state: "inactive", problems: [] });
});

test("refuses to start with routes that a newer bluegreen wrote", async () => {
  const dir = processDir();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "routes.json"), JSON.stringify({ schema: 99, anything: true }));
  await expect(startRouter(specOf(dir))).rejects.toMatchObject({ code: "RECORD_NEWER" });
  expect(await askRouter(dir)).toBeNull();
});

test("keeps the former routes in force and serving when the new ones can't be written", async () => {
  const dir = processDir();
  const blue = await startInstance("blue");
  const green = await startInstance("green");
  const attached = { blue: [blue.address], green: [green.address] };
  const { listen } = await startRouter(specOf(dir));
  await setRoutes(dir, routesTo("blue", attached));
  // A folder in the file's place: renaming onto it fails, as writing does on a full disk.
  rmSync(join(dir, "routes.json"));
  mkdirSync(join(dir, "routes.json"));
  const failed = setRoutes(dir, routesTo("green", attached, { generation: 2 }));
  await expect(failed).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect((await call(listen.port)).text).toBe("blue GET");
  expect((await askRouter(dir))?.routes.generation).toBe(1);
  rmSync(join(dir, "routes.json"), { recursive: true });
  await setRoutes(dir, routesTo("green", attached, { generation: 2 }));
  expect((await call(listen.port)).text).toBe("green GET");
});

test("writes nothing when the routes are as desired already", async () => {
  const dir = tempDir();
  const { router } = await startHere({ dir });
  const routes = routesTo("blue", { blue: ["127.0.0.1:1"] });
  await router.setRoutes({ routes });
  const before = statSync(join(dir, "routes.json")).ino;
  await router.setRoutes({ routes });
  expect(statSync(join(dir, "routes.json")).ino).toBe(before);
});

test("keeps an access log of bounded size, without queries", async () => {
  const dir = tempDir();
  const instance = await startInstance("blue");
  const { router, port } = await startHere({ dir, accessLog: true });
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  await call(port, { path: "/a/b?token=secret" });
  const path = join(dir, "access.log");
  await router.setSettings({ drainMs: 0, accessLog: false, pauseMs: 0, sticky: false });
  await call(port, { path: "/unlogged" });
  const lines = readFileSync(path, "utf8").trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    client: "127.0.0.1",
    method: "GET",
    path: "/a/b",
    status: 200,
    color: "blue",
    preview: false,
    tries: 1,
  });
});
