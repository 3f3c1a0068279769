/** Routes between the engine and a router: what was dropped on the way is there again. */

import { expect, test } from "vitest";

import type { DirectMark } from "../../../infra/model.ts";
import { noRoutes, routesFound, routesIn } from "../../../infra/provider/routes.ts";

const at = "2026-01-02T03:04:05.000Z";
const plain = {
  weights: { blue: 0, green: 100 },
  attached: { blue: [], green: ["127.0.0.1:9001"] },
  generation: 7,
  rolloutId: "r7",
};
const mark = { generation: 7, at, by: "ann", reason: "it failed" };
const pin = { digest: "sha256:1", version: "2", reason: "it failed", by: "ann", at };

test("nulls that the engine dropped are null again, also those of a mark's pin", () => {
  expect(routesIn({ ...plain, mark: null })).toEqual({ ...plain, mark: null, former: null });
  const dropped = { ...mark, pin } as DirectMark;
  expect(routesIn({ ...plain, mark: dropped, former: "blue" })).toEqual({
    ...plain,
    mark: { ...mark, pin: { ...pin, until: null } },
    former: "blue",
  });
});

test("inputs that say where the router is aren't routes", () => {
  const inputs = { dir: "/somewhere", reserved: { blue: [], green: [] }, ...plain, mark: null };
  expect(Object.keys(routesIn(inputs))).toEqual([
    "weights",
    "attached",
    "generation",
    "rolloutId",
    "mark",
    "former",
  ]);
});

test("a router that nobody uses any more keeps its generation and nothing else", () => {
  const empty = { blue: [], green: [] };
  expect(noRoutes(plain)).toEqual({
    weights: { blue: 0, green: 0 },
    attached: empty,
    generation: 7,
    rolloutId: "r7",
    mark: null,
    former: null,
  });
});

test("of what a router tells, its routes are compared with the inputs", () => {
  const told = { ...plain, mark: null, former: null };
  expect(routesFound({ ...told, ...{ schema: 1, problems: [] } })).toEqual(told);
});
