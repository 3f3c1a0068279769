/** The router's folder: one environment's alone; what is somebody else's in it is left alone. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { routerHandlers } from "../../../infra/platforms/proxy/resources/router-handlers.ts";
import { routerType } from "../../../infra/platforms/proxy/resources/types.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { HalfMade } from "../../../infra/provider/handler.ts";
import {
  call,
  describeDialects,
  openFolder,
  routesTo,
  specOf,
  startColors,
  startedRouter,
} from "./support.ts";

describeDialects("a router's folder", (dialect) => {
  test("goes with its server, but for what isn't the router's", async () => {
    const dir = join(openFolder(), "shop");
    mkdirSync(join(dir, "uploads"), { recursive: true });
    writeFileSync(join(dir, "app.db"), "precious");
    const { router, spec } = await startedRouter(dialect, { dir });
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    await router.stop();
    expect(await thisMachine.list(dir)).toHaveLength(2);
    expect(readFileSync(join(dir, "app.db"), "utf8")).toBe("precious");
    expect(existsSync(filesOf(spec).config)).toBe(false);
  });

  test("is gone when nothing else is in it, leftovers of a killed process included", async () => {
    const { router, spec } = await startedRouter(dialect);
    writeFileSync(`${filesOf(spec).config}.4711.abcd.tmp`, "half writ");
    await router.stop();
    expect(existsSync(spec.dir)).toBe(false);
  });

  test("is refused to another environment, which can neither change nor end what is there", async () => {
    const { router, spec, port } = await startedRouter(dialect, { owner: "shop/prod" });
    const { blue, green } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const otherSpec = await specOf(dialect, { dir: spec.dir, owner: "shop/test" });
    const other = new ProxyRouter(otherSpec, thisMachine);
    const refusal = {
      code: "SETTINGS_INVALID",
      message: expect.stringContaining(`belongs to "shop/prod", so "shop/test"`) as string,
    };
    await expect(other.start()).rejects.toMatchObject(refusal);
    expect(await other.presence()).toBe("absent");
    const same = new ProxyRouter({ ...otherSpec, port }, thisMachine);
    const routes = routesTo("green", { blue: [blue.address], green: [green.address] });
    await expect(same.setRoutes(routes)).rejects.toMatchObject(refusal);
    expect((await same.read()).problems).toEqual([`${spec.dir} belongs to "shop/prod"`]);
    await other.stop();
    expect((await call(port)).text).toBe("blue");
    expect(await router.read()).toMatchObject({ problems: [] });
  });

  test("is refused where somebody else's files have the router's names", async () => {
    const dir = join(openFolder(), "shop");
    for (const name of ["temp", "counts"]) {
      mkdirSync(join(dir, name), { recursive: true });
      writeFileSync(join(dir, name, "precious"), "theirs");
    }
    const spec = await specOf(dialect, { dir, owner: "shop/prod" });
    const router = new ProxyRouter(spec, thisMachine);
    await expect(router.start()).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      message: expect.stringMatching(/holds (counts, temp|temp, counts), which isn't/) as string,
    });
    expect((await thisMachine.list(dir)).toSorted()).toEqual(["counts", "temp"]);
    expect(readFileSync(join(dir, "temp", "precious"), "utf8")).toBe("theirs");
  });

  test("of a former version, without a note, goes on as the first one's that comes", async () => {
    const { router, spec } = await startedRouter(dialect);
    const { owner } = filesOf(spec);
    expect(existsSync(owner)).toBe(false);
    const named = new ProxyRouter({ ...spec, owner: "shop/prod" }, thisMachine);
    await named.start();
    expect(readFileSync(owner, "utf8")).toBe("shop/prod");
    // What the engine deletes by a state from before there were names.
    await router.stop();
    expect(await router.presence()).toBe("absent");
    expect(await named.presence()).toBe("serving");
    await named.stop();
    expect(existsSync(spec.dir)).toBe(false);
  });

  test("is another environment's once its own has ended", async () => {
    const { router, spec } = await startedRouter(dialect, { owner: "shop/prod" });
    await router.stop();
    const owner = "shop/test";
    const second = await startedRouter(dialect, { ...spec, owner });
    expect(readFileSync(filesOf(spec).owner, "utf8")).toBe(owner);
    await second.router.stop();
  });

  test("of another environment leaves nothing of a refused router in the state", async () => {
    const { spec } = await startedRouter(dialect, { owner: "shop/prod" });
    const inputs = { spec: { ...(await specOf(dialect, { dir: spec.dir })), owner: "shop/test" } };
    const created = routerHandlers[routerType]?.create(inputs);
    await expect(created).rejects.not.toBeInstanceOf(HalfMade);
  });
});

test("an adopted router's folder is free for others when it was left", async () => {
  const change: Partial<RouterSpec> = { mode: "adopted", owner: "shop/prod" };
  const spec = await specOf("nginx", change);
  const router = new ProxyRouter(spec, thisMachine);
  await router.start();
  const other = new ProxyRouter({ ...spec, owner: "shop/test" }, thisMachine);
  await expect(other.start()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  await router.stop();
  expect(existsSync(filesOf(spec).config)).toBe(true);
  await other.start();
  expect(readFileSync(filesOf(spec).owner, "utf8")).toBe("shop/test");
});
