/** A cohort on a real router with two real instances: its requests go there, all others stay. */

import { expect, test } from "vitest";

import type { Cohort, Weights } from "../../../infra/model.ts";
import { setRoutes } from "../../../infra/platforms/local/router/client.ts";
import type { RouterSpec } from "../../../infra/platforms/local/router/protocol.ts";
import { parseRoutes } from "../../../infra/platforms/local/router/routes.ts";
import { call, preview, routesTo, startHere, startInstance } from "./support.ts";

const header: Cohort = { kind: "header", name: "x-beta", value: "yes" };
const cookie: Cohort = { kind: "cookie", name: "team", value: "qa" };
const toGreen = (green: number, ...groups: Cohort[]): Weights => ({
  blue: 100 - green,
  green,
  ...(groups.length > 0 && { cohorts: { color: "green", groups } }),
});

async function startBoth(spec: Partial<RouterSpec> = {}) {
  const [blue, green] = [await startInstance("blue"), await startInstance("green")];
  const attached = { blue: [blue.address], green: [green.address] };
  const { router, port } = await startHere(spec);
  const set = (weights: Weights, generation = 1) =>
    router.setRoutes({ routes: routesTo(null, attached, { weights, generation }) });
  const visit = async (headers: Readonly<Record<string, string | string[]>> = {}) => {
    const reply = await call(port, { headers });
    return {
      color: reply.headers["x-bluegreen-color"],
      set: reply.headers["set-cookie"]?.join() ?? null,
    };
  };
  return { router, port, set, visit, attached };
}

const colorsOf = async (
  visit: (headers?: Readonly<Record<string, string>>) => Promise<{ color: unknown }>,
  headers: Readonly<Record<string, string>> = {},
) => {
  const visits = await Promise.all(Array.from({ length: 100 }, () => visit(headers)));
  return new Set(visits.map(({ color }) => color));
};

test("goes to the color without a share, and nobody else does", async () => {
  const { set, visit, router } = await startBoth();
  await set(toGreen(0, header, cookie));
  expect(await colorsOf(visit, { "X-Beta": "yes" })).toEqual(new Set(["green"]));
  expect(await colorsOf(visit, { cookie: 'a=1; team="qa"' })).toEqual(new Set(["green"]));
  expect(await colorsOf(visit)).toEqual(new Set(["blue"]));
  expect(await colorsOf(visit, { "x-beta": "no", cookie: "team=dev" })).toEqual(new Set(["blue"]));
  expect((await visit({ "x-beta": ["no", "yes"] })).color).toBe("green");
  const { colors } = router.status();
  expect([colors.blue.live.requests, colors.green.live.requests]).toEqual([200, 201]);
});

test("stays there while a share follows, and ends with the switch", async () => {
  const { set, visit } = await startBoth();
  await set(toGreen(50, header));
  expect(await colorsOf(visit, { "x-beta": "yes" })).toEqual(new Set(["green"]));
  expect(await colorsOf(visit)).toEqual(new Set(["blue", "green"]));
  await set(toGreen(0), 3);
  expect(await colorsOf(visit, { "x-beta": "yes" })).toEqual(new Set(["blue"]));
});

test("is part of what the router says of itself", async () => {
  const { set, router } = await startBoth();
  await set(toGreen(0, header));
  expect(router.status().routes.weights).toEqual(toGreen(0, header));
  expect(router.status().routes.schema).toBe(2);
  await set(toGreen(0), 2);
  expect(router.status().routes).toMatchObject({ schema: 1, weights: { blue: 100, green: 0 } });
});

test("gives nobody a cookie, and goes before one of a sticky shift", async () => {
  const { set, visit } = await startBoth({ sticky: true });
  await set(toGreen(0, header));
  expect(await visit({ "x-beta": "yes" })).toEqual({ color: "green", set: null });
  expect(await visit()).toEqual({ color: "blue", set: null });
  await set(toGreen(50, header));
  const kept = { cookie: "bluegreen-color=blue.1" };
  expect(await visit({ ...kept, "x-beta": "yes" })).toEqual({ color: "green", set: null });
  expect(await visit(kept)).toEqual({ color: "blue", set: null });
});

test("doesn't keep anybody from asking for a color by name", async () => {
  const { set, port } = await startBoth();
  await set(toGreen(0, header));
  const { headers } = preview("blue");
  const reply = await call(port, { headers: { ...headers, "x-beta": "yes" } });
  expect(reply.headers["x-bluegreen-color"]).toBe("blue");
});

test("needs a color with an address", () => {
  const routes = routesTo(null, { blue: ["127.0.0.1:1"], green: [] });
  expect(() => parseRoutes({ ...routes, weights: toGreen(0, header) })).toThrow(
    expect.objectContaining({ code: "COLOR_EMPTY" }),
  );
});

test.each([
  ["without a group", { color: "green", groups: [] }],
  ["of a third color", { color: "red", groups: [header] }],
  ["by something else", { color: "green", groups: [{ ...header, kind: "address" }] }],
])("%s is refused before any router hears of it", async (_name, cohorts) => {
  const { attached } = await startBoth();
  const weights = { blue: 100, green: 0, cohorts } as unknown as Weights;
  const routes = routesTo(null, attached, { weights });
  await expect(setRoutes("/nowhere", routes)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
});
