/** Reloads: only for other addresses, seen through to the new workers, and nothing is lost. */

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { serverModes, setServerMode } from "../../../infra/platforms/proxy/haproxy/servers.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import {
  call,
  describeDialects,
  describeWith,
  routesTo,
  startColors,
  startInstance,
  startedRouter,
  workerPids,
} from "./support.ts";

describeDialects("a reload", (dialect) => {
  test("happens when addresses change, and never for a flip", async () => {
    const { router, spec } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("blue", attached));
    const before = workerPids(spec);
    for (const color of ["green", "blue", null, "green"] as const) {
      await router.setRoutes(routesTo(color, attached));
    }
    const after = workerPids(spec);
    expect(after.length).toBeGreaterThan(0);
    expect(before).toEqual(expect.arrayContaining([...after]));
    await router.setRoutes(routesTo("green", { ...attached, blue: [] }));
    await expect.poll(() => workerPids(spec).some((pid) => before.includes(pid))).toBe(false);
  });

  test("isn't needed to attach and detach a color whose addresses are reserved", async () => {
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const { router, spec, port } = await startedRouter(dialect, { reserved: attached });
    const before = workerPids(spec);
    expect((await router.read()).attached).toEqual({ blue: [], green: [] });
    expect((await call(port)).status).toBe(503);
    await expect(router.setRoutes(routesTo("blue", {}))).rejects.toMatchObject({
      code: "COLOR_EMPTY",
    });
    for (const color of ["blue", "green"] as const) {
      const only = { blue: [], green: [], [color]: attached[color] };
      await router.setRoutes(routesTo(color, only));
      expect((await router.read()).attached).toEqual(only);
      expect((await call(port)).text).toBe(color);
    }
    expect(workerPids(spec)).toEqual(before);
    const third = await startInstance("third");
    await router.setRoutes(routesTo("blue", { ...attached, blue: [third.address] }));
    expect((await call(port)).text).toBe("third");
  });

  test("is done when new workers answer: the next request knows the new instance", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const second = await startInstance("second");
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    await router.setRoutes(routesTo("blue", { blue: [blue.address], green: [green.address] }));
    const headers = { "x-bluegreen-preview": "green" };
    expect((await call(port, { headers })).text).toBe("green");
    await router.setRoutes(routesTo("blue", { blue: [second.address], green: [green.address] }));
    expect((await call(port)).text).toBe("second");
  });

  test("never takes the addresses of a color before its traffic has moved", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const { failures, ended } = await asking(port, async () => {
      await router.setRoutes(routesTo("green", { green: [green.address] }));
    });
    expect(failures).toEqual([]);
    expect(ended).toBeGreaterThan(20);
    const { weights, attached } = await router.read();
    expect({ weights, attached }).toEqual({
      weights: weightsOf("green"),
      attached: { blue: [], green: [green.address] },
    });
  });
});

describeWith(["haproxy"], "haproxy: single instances", () => {
  test("are drained and put back at runtime", async () => {
    const { router, spec, port } = await startedRouter("haproxy");
    const [one, two] = [await startInstance("one"), await startInstance("two")];
    await router.setRoutes(routesTo("blue", { blue: [one.address, two.address] }));
    const to = { color: "blue", address: one.address } as const;
    await setServerMode(thisMachine, spec, { ...to, mode: "drain" });
    expect(await serverModes(thisMachine, spec, "blue")).toMatchObject([
      { address: one.address, mode: "drain" },
      { address: two.address, mode: "ready" },
    ]);
    const met = async () => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => call(port)));
      return new Set(replies.map(({ text }) => text));
    };
    expect(await met()).toEqual(new Set(["two"]));
    await setServerMode(thisMachine, spec, { ...to, mode: "ready" });
    expect(await met()).toEqual(new Set(["one", "two"]));
    const unknown = setServerMode(thisMachine, spec, {
      ...to,
      address: "127.0.0.1:1",
      mode: "maint",
    });
    await expect(unknown).rejects.toMatchObject({ code: "COLOR_EMPTY" });
  });
});

/** Requests on fresh connections while something is done. */
async function asking(port: number, work: () => Promise<void>) {
  const state = { ended: 0, isOver: false };
  const failures: string[] = [];
  const clients = Array.from({ length: 4 }, async () => {
    while (!state.isOver) {
      const reply = await call(port).catch((error: unknown) => String(error));
      state.ended += 1;
      if (typeof reply === "string") failures.push(reply);
      else if (reply.status !== 200) failures.push(`status ${reply.status}`);
    }
  });
  await sleep(100);
  await work().finally(async () => {
    await sleep(100);
    state.isOver = true;
    await Promise.all(clients);
  });
  return { failures, ended: state.ended };
}
