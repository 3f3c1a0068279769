/** Choosing a color and an instance. */

import fc from "fast-check";
import { expect, test } from "vitest";

import {
  InstancePool,
  parseAddress,
  Instance,
} from "../../../infra/platforms/local/router/instances.ts";
import { bucketOf, latencyBoundsMs } from "../../../infra/platforms/local/router/traffic.ts";
import {
  compileRoutes,
  emptyRoutes,
  parseRoutes,
  pickColor,
} from "../../../infra/platforms/local/router/routes.ts";

const attached = { blue: ["a:1", "b:2"], green: ["c:3"] };

function routesOf(blue: number, green: number) {
  return parseRoutes({ ...emptyRoutes, attached, weights: { blue, green } });
}

test("picks a color exactly by its share", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (blue) => {
      const routes = compileRoutes(routesOf(blue, 100 - blue), null);
      const picks = Array.from({ length: 100 }, (_, step) =>
        pickColor(routes, () => (step + 0.5) / 100),
      );
      expect(picks.filter((color) => color === "blue")).toHaveLength(blue);
      expect(picks).not.toContain(null);
    }),
  );
});

test("picks no color while inactive", () => {
  expect(pickColor(compileRoutes(routesOf(0, 0), null), () => 0)).toBeNull();
});

test("keeps pools and instances across a flip that doesn't touch them", () => {
  const before = compileRoutes(routesOf(100, 0), null);
  const after = compileRoutes(routesOf(0, 100), before);
  expect(after.pools.blue).toBe(before.pools.blue);
  const moved = parseRoutes({ ...emptyRoutes, attached: { blue: ["b:2", "d:4"], green: [] } });
  const third = compileRoutes(moved, after);
  expect(third.pools.blue.instances[0]).toBe(before.pools.blue.instances[1]);
});

test("passes over an ejected instance until its time is over, unless there is no other", () => {
  const [one, two] = [new Instance("a:1"), new Instance("b:2")];
  const pool = new InstancePool([one, two]);
  one.refuse(1000);
  expect([pool.pick(1001, []), pool.pick(1002, [])]).toEqual([two, two]);
  expect(pool.pick(1003, [two])).toBe(one);
  expect(pool.pick(1003, [one, two])).toBeNull();
  expect(pool.pick(3001, [])).toBe(one);
});

test.each([
  ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
  ["[::1]:8080", { host: "::1", port: 8080 }],
  ["app.test:65535", { host: "app.test", port: 65535 }],
])("reads the address %s", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(["http://a:1", "a", "a:0", "a:65536", ":80", "a:1/x", "u@a:1", "::1:80"])(
  "refuses the address %s",
  (text) => {
    expect(parseAddress(text)).toBeNull();
  },
);

test("puts each latency into the first bucket whose bound isn't below it", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 100_000, noNaN: true }), (ms) => {
      const bucket = bucketOf(ms);
      const slack = 1 + 1e-9;
      expect(ms).toBeLessThanOrEqual((latencyBoundsMs[bucket] ?? Infinity) * slack);
      if (bucket > 0) expect(ms * slack).toBeGreaterThan(latencyBoundsMs[bucket - 1] ?? 0);
    }),
  );
});

test("lists all problems of invalid routes at once", () => {
  const routes = { weights: { blue: 101, green: 0 }, generation: -1, attached: {} };
  expect(() => parseRoutes(routes)).toThrow(/weights\.blue.*generation.*attached\.blue/s);
});
