/** Clients that stay with the color that they met, on a real router with two real instances. */

import { expect, test } from "vitest";

import type { RouterSpec } from "../../../infra/platforms/local/router/protocol.ts";
import { call, preview, routesTo, startHere, startInstance } from "./support.ts";

async function startShared(spec: Partial<RouterSpec>) {
  const [blue, green] = [await startInstance("blue"), await startInstance("green")];
  const attached = { blue: [blue.address], green: [green.address] };
  const { router, port } = await startHere(spec);
  const share = (weights: { blue: number; green: number }, generation = 1) =>
    router.setRoutes({ routes: routesTo(null, attached, { weights, generation }) });
  const visit = async (cookie?: string) => {
    const { headers } = await call(port, cookie === undefined ? {} : { headers: { cookie } });
    const set = headers["set-cookie"]?.join() ?? null;
    return { color: headers["x-bluegreen-color"], set };
  };
  return { router, port, share, visit };
}

const even = { blue: 50, green: 50 };

test("a client that met a color stays with it while both have traffic", async () => {
  const { share, visit } = await startShared({ sticky: true });
  await share(even);
  for (let client = 0; client < 10; client += 1) {
    const first = await visit();
    expect(first.set).toContain(`bluegreen-color=${String(first.color)}.1; Path=/; HttpOnly`);
    const cookie = `theme=dark; ${String(first.set?.split(";")[0])}`;
    for (let again = 0; again < 10; again += 1) {
      expect(await visit(cookie)).toEqual({ color: first.color, set: null });
    }
  }
});

test("a cookie brings nobody to a color that has no traffic any more", async () => {
  const { share, visit } = await startShared({ sticky: true });
  await share(even);
  await share({ blue: 0, green: 100 }, 2);
  for (const generation of [1, 2]) {
    const met = await visit(`bluegreen-color=blue.${generation}`);
    expect(met).toEqual({ color: "green", set: null });
  }
});

test("what an earlier shift left with a client doesn't count in the next one", async () => {
  const { share, visit } = await startShared({ sticky: true });
  await share({ blue: 99, green: 1 }, 3);
  const visits = await Promise.all(
    Array.from({ length: 200 }, () => visit("bluegreen-color=green.1")),
  );
  const green = visits.filter(({ color }) => color === "green").length;
  expect(green).toBeLessThan(20);
  expect(visits.every(({ color, set }) => set?.includes(`=${String(color)}.3;`))).toBe(true);
});

test("a preview neither gets a cookie nor follows one", async () => {
  const { share, port } = await startShared({ sticky: true });
  await share(even);
  const { headers } = preview("green");
  const reply = await call(port, { headers: { ...headers, cookie: "bluegreen-color=blue.1" } });
  expect(reply.headers["x-bluegreen-color"]).toBe("green");
  expect(reply.headers["set-cookie"]).toBeUndefined();
});

test("the application's own cookies stay beside it", async () => {
  const shop = await startInstance("shop", (_req, res) =>
    res.setHeader("set-cookie", ["session=1", "theme=dark"]).end(),
  );
  const { router, port } = await startHere({ sticky: true });
  const attached = { blue: [shop.address], green: [shop.address] };
  await router.setRoutes({ routes: routesTo(null, attached, { weights: even }) });
  const { headers } = await call(port);
  expect(headers["set-cookie"]?.slice(0, 2)).toEqual(["session=1", "theme=dark"]);
  expect(headers["set-cookie"]).toHaveLength(3);
});

test("is off unless asked for, and can be switched on while the router runs", async () => {
  const { router, share, visit } = await startShared({});
  await share(even);
  expect((await visit()).set).toBeNull();
  const { drainMs, accessLog, pauseMs } = router.status().spec;
  await router.setSettings({ drainMs, accessLog, pauseMs, sticky: true });
  expect((await visit()).set).not.toBeNull();
});
