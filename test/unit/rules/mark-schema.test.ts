/** Pins and marks as every version of this program has written them. */

import { expect, test } from "vitest";

import { emptyRoutes, parseRoutes } from "../../../infra/platforms/local/router/routes.ts";
import { parseState } from "../../../infra/platforms/proxy/state.ts";
import { markShape, pinShape } from "../../../infra/rules/mark-schema.ts";

const at = "2026-01-02T03:04:05.000Z";
const pin = { digest: "sha256:1", version: "2", reason: "it failed", by: "ann", at };
const mark = { generation: 3, at, by: "ann", reason: "it failed" };
const readers = [
  ["routes of the local router", (left: unknown) => parseRoutes({ ...emptyRoutes, mark: left })],
  [
    "a state of a server",
    (left: unknown) => parseState(JSON.stringify({ ...emptyRoutes, mark: left }), "state"),
  ],
] as const;

test("a pin without an end is one until somebody unpins it", () => {
  expect(pinShape.parse(pin)).toEqual({ ...pin, until: null });
  expect(pinShape.parse({ ...pin, until: null })).toEqual({ ...pin, until: null });
  expect(pinShape.parse({ ...pin, until: at })).toEqual({ ...pin, until: at });
});

test.each(readers)("%s have the mark that was left, whoever wrote it", (_, read) => {
  const older = { ...mark, pin: { ...pin, until: null } };
  expect(read(older).mark).toEqual(older);
  const newer = { ...older, setBack: true };
  expect(read(newer).mark).toEqual(newer);
  expect(read({ ...mark, pin: null }).mark).toEqual({ ...mark, pin: null });
  expect(read(null).mark).toBeNull();
});

test.each(readers)("%s with half a mark aren't taken for whole", (_, read) => {
  expect(() => read({ ...mark, reason: undefined, pin: null })).toThrow();
  expect(() => read({ ...mark, pin: { ...pin, digest: 1 } })).toThrow();
});

test("a generation is never below 0", () => {
  expect(markShape.safeParse({ ...mark, pin: null, generation: -1 }).success).toBe(false);
  expect(markShape.safeParse({ ...mark, pin: null, generation: 0 }).success).toBe(true);
});
