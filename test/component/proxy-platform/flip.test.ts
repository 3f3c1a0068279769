/** Flips under load lose nothing, on the real servers with the example shop behind them. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startLoad } from "../../../automation/demo/load.ts";
import type { Load } from "../../../automation/demo/load.ts";
import type { Color, PerColor } from "../../../infra/model.ts";
import type { Routes } from "../../../infra/platform.ts";
import { startExample } from "../examples/example-process.ts";
import { call, describeDialects, keepAlive, onEnd, openFolder } from "./support.ts";
import { routesTo, startColors, startInstance, startedRouter } from "./support.ts";
import type { Started } from "./support.ts";

const shop = join(import.meta.dirname, "../../../examples/shop");

/** One instance per color of the shop, with one database. */
async function startShops(): Promise<PerColor<readonly string[]>> {
  const database = join(openFolder(), "shop.db");
  const start = async (color: Color): Promise<readonly string[]> => {
    const env = { PORT: "0", COLOR: color, VERSION: color === "blue" ? "1" : "2" };
    const command = [process.execPath, "server.ts"] as const;
    const started = await startExample({
      command,
      cwd: shop,
      env: { ...env, DATABASE: database },
    });
    onEnd(() => started.stop("SIGKILL"));
    return [new URL(started.url).host];
  };
  return { blue: await start("blue"), green: await start("green") };
}

async function loaded(started: Started, ratePerSecond: number, webSockets = 5): Promise<Load> {
  const url = `http://127.0.0.1:${started.port}`;
  const load = await startLoad({ url, ratePerSecond, webSockets, maxMs: 60_000 });
  onEnd(() => {
    load.kill();
  });
  return load;
}

async function expectNoFailure(load: Load): Promise<void> {
  const count = await load.stop();
  const { failed, failures, unsent, sockets, orders } = count;
  expect({ failed, failures, unsent }).toEqual({ failed: 0, failures: [], unsent: 0 });
  expect(sockets).toMatchObject({ broken: 0, lost: 0, refused: 0 });
  expect(orders).toMatchObject({ problem: null, missing: [], repeated: [] });
  expect(count.posts.ok).toBeGreaterThan(50);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

describeDialects("a flip under load", (dialect) => {
  test("loses no request, and no WebSocket, in 40 flips there and back", async () => {
    const started = await startedRouter(dialect, { timeoutMs: 60_000 });
    const attached = await startShops();
    await started.router.setRoutes(routesTo("blue", attached));
    const load = await loaded(started, 300);
    const times: number[] = [];
    for (let each = 0; each < 40; each += 1) {
      const began = performance.now();
      await started.router.setRoutes(routesTo(each % 2 === 0 ? "green" : "blue", attached));
      times.push(performance.now() - began);
      await sleep(50);
    }
    const { traffic } = await started.router.read();
    expect(traffic).toMatchObject({ colors: { blue: { errors: 0 }, green: { errors: 0 } } });
    await expectNoFailure(load);
    console.log(
      `${dialect}: flip p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`,
    );
  });

  test("sends every request that follows it to the new color, on each connection", async () => {
    const { router, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const agents = Array.from({ length: 4 }, () => keepAlive(1));
    for (let each = 0; each < 20; each += 1) {
      const color = each % 2 === 0 ? "green" : "blue";
      await router.setRoutes(routesTo(color, attached));
      const replies = await Promise.all(agents.map((agent) => call(port, { agent })));
      expect(replies.map(({ text }) => text)).toEqual(agents.map(() => color));
    }
  });

  test("lets the requests in flight end on the color that they began on", async () => {
    const { router, port } = await startedRouter(dialect);
    const attached = await startSlow();
    await router.setRoutes(routesTo("blue", attached));
    const slow = call(port, { path: "/slow" });
    await expect.poll(async () => openOf(await router.read(), "blue")).toBeGreaterThan(0);
    await router.setRoutes(routesTo("green", attached));
    expect((await call(port)).text).toBe("green");
    expect((await slow).text).toBe("blue");
    await expect.poll(async () => openOf(await router.read(), "blue"), { timeout: 8_000 }).toBe(0);
  });

  async function startSlow(): Promise<Routes["attached"]> {
    const make = async (name: string): Promise<string[]> => {
      const { address } = await startInstance(name, (req, res) => {
        setTimeout(() => res.end(name), req.url === "/slow" ? 600 : 0);
      });
      return [address];
    };
    return { blue: await make("blue"), green: await make("green") };
  }
});

function openOf({ traffic }: Awaited<ReturnType<Started["router"]["read"]>>, color: Color): number {
  return traffic.kind === "counted" ? traffic.colors[color].open : -1;
}
