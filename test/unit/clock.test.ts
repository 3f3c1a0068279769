import { expect, test } from "vitest";
import { ForwardTime } from "../../infra/clock.ts";

function hands() {
  const hand = { wall: 1_000_000, elapsed: 50 };
  const time = new ForwardTime(
    () => hand.wall,
    () => hand.elapsed,
  );
  return {
    time,
    pass: (ms: number) => {
      hand.wall += ms;
      hand.elapsed += ms;
    },
    set: (ms: number) => {
      hand.wall += ms;
    },
  };
}

test("time is the wall clock's while nobody sets it", () => {
  const { time, pass } = hands();
  expect(time.now()).toBe(1_000_000);
  pass(2_500);
  expect(time.now()).toBe(1_002_500);
});

test("a wall clock that is set back doesn't stop or lengthen what is under way", () => {
  const { time, pass, set } = hands();
  time.now();
  set(-3_600_000);
  expect(time.now()).toBe(1_000_000);
  pass(2_000);
  expect(time.now()).toBe(1_002_000);
});

test("a wall clock that is set forward is followed, as after a sleep of the machine", () => {
  const { time, pass, set } = hands();
  time.now();
  set(60_000);
  expect(time.now()).toBe(1_060_000);
  pass(1_000);
  expect(time.now()).toBe(1_061_000);
});
