import fc from "fast-check";
import { expect, test } from "vitest";
import { sameValue, unwrapSecrets } from "../../../infra/provider/handler.ts";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

test("secrets are unwrapped at any depth", () => {
  expect(unwrapSecrets({ a: [secret({ b: secret("x") })], c: 1 })).toEqual({
    a: [{ b: "x" }],
    c: 1,
  });
});

test("a missing value and null are the same, as the engine drops nulls", () => {
  expect(sameValue({ a: null, b: 1 }, { b: 1 })).toBe(true);
  expect(sameValue({ a: 0 }, {})).toBe(false);
});

test("the order of keys doesn't matter, the order of a list does", () => {
  expect(sameValue({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
  expect(sameValue([1, 2], [2, 1])).toBe(false);
  expect(sameValue([1], [1, 2])).toBe(false);
});

test("every JSON value is the same as its copy", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(sameValue(value, structuredClone(value))).toBe(true);
    }),
  );
});
