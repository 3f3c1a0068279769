/** Reloads: only for other addresses, seen through to the new workers, and nothing is lost. */

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { runtimeOf } from "../../../infra/platforms/proxy/haproxy/runtime.ts";
import { serverModes, setServerMode } from "../../../infra/platforms/proxy/haproxy/servers.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
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

  test("isn't needed to move traffic where only the text would be another version's", async () => {
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const { router, spec, port } = await startedRouter(dialect, { reserved: attached });
    await router.setRoutes(routesTo("blue", attached));
    const newer = new ProxyRouter({ ...spec, idleMs: spec.idleMs - 100 }, thisMachine);
    const before = workerPids(spec);
    for (const weights of [weightsOf("green"), { blue: 50, green: 50 }, weightsOf("blue")]) {
      await newer.setRoutes(routesTo(weights, attached));
      expect((await newer.read()).weights).toEqual(weights);
    }
    expect(workerPids(spec)).toEqual(before);
    await newer.setRoutes(routesTo("blue", attached));
    expect((await call(port)).text).toBe("blue");
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

describeDialects("growth", (dialect) => {
  /** Blue has everything but a tenth. */
  async function amidSwitch() {
    const started = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    await started.router.setRoutes(routesTo("blue", attached));
    await started.router.setRoutes(routesTo({ blue: 90, green: 10 }, attached));
    const second = await startInstance("second");
    return { ...started, attached, grown: { ...attached, green: [green.address, second.address] } };
  }

  test("of a color reaches its new instance by one reload, under load", async () => {
    const { router, spec, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const second = await startInstance("second");
    const attached = { blue: [blue.address], green: [green.address] };
    await router.setRoutes(routesTo("blue", attached));
    const before = workerPids(spec);
    const { failures } = await asking(port, async () => {
      const grown = { ...attached, blue: [blue.address, second.address] };
      await router.setRoutes(routesTo("blue", grown));
    });
    expect(failures).toEqual([]);
    expect(second.answered()).toBeGreaterThan(0);
    await expect.poll(() => workerPids(spec).some((pid) => before.includes(pid))).toBe(false);
  });

  test("amid a switch waits, without a reload, until one color has all traffic", async () => {
    const { router, spec, attached, grown } = await amidSwitch();
    const before = workerPids(spec);
    for (const blue of [90, 50, 10]) {
      await router.setRoutes(routesTo({ blue, green: 100 - blue }, grown));
      const { weights, attached: known, problems } = await router.read();
      const asBefore = { weights: { blue, green: 100 - blue }, attached, problems: [] };
      expect({ weights, attached: known, problems }).toEqual(asBefore);
    }
    expect(workerPids(spec)).toEqual(before);
    await router.setRoutes(routesTo("green", grown));
    expect(await router.read()).toMatchObject({ weights: weightsOf("green"), attached: grown });
    await expect.poll(() => workerPids(spec).some((pid) => before.includes(pid))).toBe(false);
  });

  test("doesn't stand in the way of a way back amid a switch", async () => {
    const { router, grown, port } = await amidSwitch();
    const { failures } = await asking(port, () => router.setRoutes(routesTo("blue", grown)));
    expect(failures).toEqual([]);
    expect(await router.read()).toMatchObject({ weights: weightsOf("blue"), attached: grown });
  });

  test("and a switch at the same time happen one after the other", async () => {
    const { router, spec, attached, grown, port } = await amidSwitch();
    await router.setRoutes(routesTo("blue", attached));
    const [grow, move] = [routesTo("blue", grown), routesTo("green", grown)];
    const { failures } = await asking(port, async () => {
      const other = new ProxyRouter(spec, thisMachine);
      const [, moved] = await Promise.allSettled([router.setRoutes(grow), other.setRoutes(move)]);
      expect(moved.status).toBe("fulfilled");
    });
    expect(failures).toEqual([]);
    expect(await router.read()).toMatchObject({
      ...{ weights: weightsOf("green"), attached: grown, generation: move.generation },
      problems: [],
    });
  });

  test("of the settings amid a switch is refused, and brought in after it", async () => {
    const { router, spec, attached } = await amidSwitch();
    const before = workerPids(spec);
    const changed = new ProxyRouter({ ...spec, timeoutMs: 20_000 }, thisMachine);
    await expect(changed.start()).rejects.toMatchObject({
      code: "ROUTER_BUSY",
      message: expect.stringMatching(/amid a switch \(blue 90 \/ green 10\)/) as string,
    });
    await router.start();
    expect(workerPids(spec)).toEqual(before);
    await router.setRoutes(routesTo("green", attached));
    await changed.start();
    expect((await changed.read()).problems).toEqual([]);
    await expect.poll(() => workerPids(spec).some((pid) => before.includes(pid))).toBe(false);
  });
});

describeWith(["haproxy"], "haproxy: single instances", () => {
  test("are drained and put back at runtime", async () => {
    const { router, spec, port } = await startedRouter("haproxy");
    const [one, two] = [await startInstance("one"), await startInstance("two")];
    await router.setRoutes(routesTo("blue", { blue: [one.address, two.address] }));
    const place = runtimeOf(spec);
    const to = { color: "blue", address: one.address } as const;
    await setServerMode(thisMachine, place, { ...to, mode: "drain" });
    expect(await serverModes(thisMachine, place, "blue")).toMatchObject([
      { address: one.address, mode: "drain" },
      { address: two.address, mode: "ready" },
    ]);
    const met = async (headers: Readonly<Record<string, string>> = {}) => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => call(port, { headers })));
      return new Set(replies.map(({ text }) => text));
    };
    expect(await met()).toEqual(new Set(["two"]));
    expect(await met({ "x-bluegreen-preview": "blue" })).toEqual(new Set(["two"]));
    await setServerMode(thisMachine, place, { ...to, mode: "ready" });
    expect(await met()).toEqual(new Set(["one", "two"]));
    const unknown = setServerMode(thisMachine, place, {
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
