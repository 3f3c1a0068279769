/** Which replies count as slow, and when latency can't be judged. */
import { expect, test } from "vitest";
import { repliesBetween, slowCounts, slowness } from "../../../automation/rollout/latency.ts";

const boundsMs = [5, 10, 20, 40, 80];
const rules = { quantile: 0.95, detect: 0.5, ignoreBelowMs: 0 };

/** Replies per bucket, the last one above every bound. */
function replies(...counts: readonly number[]) {
  return { boundsMs, counts };
}

test("a reply is slow from the bucket on that begins at the bound", () => {
  const histogram = replies(50, 30, 10, 5, 4, 1);
  expect(slowCounts(histogram, 20)).toEqual({ bad: 10, total: 100 });
  expect(slowCounts(histogram, 80)).toEqual({ bad: 1, total: 100 });
  expect(slowCounts(replies(3), 10)).toEqual({ bad: 0, total: 3 });
});

test("the bound is the one nearest to the quantile", () => {
  expect(slowness(replies(5_000, 4_000, 600, 300, 90, 10), [], rules)).toMatchObject({
    overMs: 20,
  });
  expect(slowness(replies(0, 9_499, 1, 500), [], rules)).toMatchObject({ overMs: 10 });
  expect(slowness(replies(0, 9_200, 500, 300), [], rules)).toMatchObject({ overMs: 20 });
});

test("with few replies a later bound may be surer", () => {
  expect(slowness(replies(0, 57, 3), [], rules)).toMatchObject({ overMs: 20 });
});

test("the former color's own share of slow replies counts as at least the budget", () => {
  expect(slowness(replies(0, 10_000), [], rules)).toMatchObject({ overMs: 10, phi: 1 });
  const measured = slowness(replies(0, 10_000), [], rules);
  expect(measured).toHaveProperty("p0", expect.closeTo(0.1, 12));
  const wider = slowness(replies(0, 9_500, 500), [], rules);
  expect("p0" in wider && wider.p0).toBeGreaterThan(0.1);
});

test("replies faster than the floor are never slow", () => {
  const floor = { ...rules, ignoreBelowMs: 25 };
  expect(slowness(replies(10_000), [], floor)).toMatchObject({ overMs: 40 });
});

test("a few replies can't tell what is usual", () => {
  expect(slowness(replies(0), [], rules)).toEqual({
    unjudged: "no reply of the former color was seen before the switch",
  });
  expect(slowness(replies(0, 20), [], rules)).toEqual({
    unjudged: "only 20 replies of the former color were seen before the switch",
  });
  expect(slowness(replies(0, 100), [], rules)).toHaveProperty("overMs", 10);
});

test("a former color slower than every bound has no quantile", () => {
  expect(slowness(replies(0, 0, 0, 0, 0, 500), [], rules)).toEqual({
    unjudged: "the former color was slower than is measured",
  });
});

test("slow replies that come in bursts make the measure wider, and count for less", () => {
  const former = replies(0, 9_700, 300);
  const even = Array.from({ length: 10 }, () => replies(0, 970, 30));
  const bursts = Array.from({ length: 10 }, (_, bin) =>
    bin % 5 === 0 ? replies(0, 850, 150) : replies(0, 1_000, 0),
  );
  const [steady, varied] = [even, bursts].map((bins) => slowness(former, bins, rules));
  expect(steady).toMatchObject({ overMs: 10, phi: 1 });
  expect(varied).toMatchObject({ overMs: 10 });
  expect(varied && "phi" in varied ? varied.phi : 0).toBeGreaterThan(5);
});

test("counters that were reset have no difference", () => {
  expect(repliesBetween([1, 2], [3, 5, 1])).toEqual([2, 3, 1]);
  expect(repliesBetween([1, 2], [0, 5])).toBeNull();
  expect(repliesBetween([1, 2, 1], [5, 5])).toBeNull();
});
