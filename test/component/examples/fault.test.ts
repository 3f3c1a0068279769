/** When a release that is broken on purpose begins to fail. */
import { expect, test } from "vitest";
import { FaultyBehavior, faultOf } from "../../../examples/shop/fault.ts";

test("a fault is named by BREAK, else by the end of the version", () => {
  expect(faultOf("slow", "2")).toBe("slow");
  expect(faultOf(undefined, "2-after-switch")).toBe("after-switch");
  expect(faultOf("", "2")).toBe("none");
  expect(faultOf("none", "2-crash")).toBe("none");
  expect(() => faultOf("maybe", "2")).toThrow(/never-healthy, crash/);
});

test("on a quiet service the time decides, but never after a few checks alone", () => {
  let now = 0;
  const checked = new FaultyBehavior("after-switch", () => now);
  const fails = (times: number) =>
    Array.from({ length: times }, () => checked.fails("/products")).filter(Boolean).length;
  expect(fails(20)).toBe(0);
  now = 60_000;
  expect(fails(30)).toBe(10);
});

test("only requests that ask for products or orders fail", () => {
  const worn = new FaultyBehavior("after-switch");
  for (let n = 0; n < 300; n += 1) expect(worn.fails("/")).toBe(false);
  expect([1, 2, 3].map(() => worn.fails("/orders"))).toEqual([false, false, true]);
});

test("a sound release never fails, a slow one waits", () => {
  const sound = new FaultyBehavior("none");
  expect(Array.from({ length: 500 }, () => sound.fails("/orders")).some(Boolean)).toBe(false);
  expect(sound.delayMs).toBe(0);
  expect(new FaultyBehavior("slow").delayMs).toBe(400);
});
