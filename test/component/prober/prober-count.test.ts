import { expect, test } from "vitest";
import { ProbeTally } from "../../../automation/adapters/prober-count.ts";
import type { ProbeResult } from "../../../infra/probe.ts";

const from = (color: string | null, status = 200): ProbeResult => ({
  kind: "answered",
  status,
  allowed: true,
  headers: color === null ? {} : { "x-bluegreen-color": color },
  body: "",
  truncated: false,
  ms: 1,
});
const timeout: ProbeResult = { kind: "timeout", connected: true, ms: 500 };

function tally() {
  return new ProbeTally({ startMs: 0 });
}

test("puts runs in the order of sending, also when an early request answers late", () => {
  const counted = tally();
  for (let i = 0; i < 4; i += 1) counted.send();
  counted.end({ number: 0, sentMs: 0, nowMs: 5 }, from("blue"));
  counted.end({ number: 2, sentMs: 20, nowMs: 25 }, from("green"));
  counted.end({ number: 3, sentMs: 30, nowMs: 35 }, from("green"));
  expect(counted.count(40).timeline).toHaveLength(1);
  counted.end({ number: 1, sentMs: 10, nowMs: 90 }, from("blue"));
  expect(counted.count(90)).toMatchObject({
    sent: 4,
    pending: 0,
    byColor: { blue: 2, green: 2 },
    timeline: [
      { color: "blue", from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T00:00:00.010Z", count: 2 },
      { color: "green", from: "1970-01-01T00:00:00.020Z", to: "1970-01-01T00:00:00.030Z" },
    ],
  });
});

test("measures the longest gap between good answers, and from the start and to the end", () => {
  const counted = tally();
  expect(counted.count(70).longestGapMs).toBe(70);
  const answer = (number: number, nowMs: number, result: ProbeResult) => {
    counted.send();
    counted.end({ number, sentMs: nowMs, nowMs }, result);
  };
  answer(0, 100, from("blue"));
  answer(1, 150, timeout);
  answer(2, 350, from("blue", 404));
  expect(counted.count(400).longestGapMs).toBe(250);
  answer(3, 450, from("blue", 500));
  expect(counted.count(700).longestGapMs).toBe(350);
});

test("lets failures neither be a run nor end one", () => {
  const counted = tally();
  const results = [from("blue"), timeout, from("blue"), from(null), from("green")];
  results.forEach((result, number) => {
    counted.send();
    counted.end({ number, sentMs: number, nowMs: number }, result);
  });
  const { timeline, failed } = counted.count(5);
  expect(timeline.map(({ color, count }) => [color, count])).toEqual([
    ["blue", 2],
    [null, 1],
    ["green", 1],
  ]);
  expect(failed).toBe(1);
});

test("keeps the first 50 failures and the latest 100 runs", () => {
  const counted = tally();
  for (let number = 0; number < 600; number += 1) {
    counted.send();
    const result = number % 3 === 0 ? timeout : from(number % 3 === 1 ? "blue" : "green");
    counted.end({ number, sentMs: number, nowMs: number }, result);
  }
  const count = counted.count(600);
  expect(count).toMatchObject({ failed: 200, byColor: { blue: 200, green: 200 } });
  expect(count.failures).toHaveLength(50);
  expect(count.timeline).toHaveLength(100);
  expect(count.timeline.at(-1)?.to).toBe("1970-01-01T00:00:00.599Z");
});

test("counts a rest as no gap, and goes on with the gap that was open", () => {
  const counted = tally();
  counted.send();
  counted.end({ number: 0, sentMs: 90, nowMs: 100 }, from("blue"));
  counted.rest(150);
  expect(counted.count(5_000).longestGapMs).toBe(100);
  counted.wake(5_000);
  counted.send();
  counted.end({ number: 1, sentMs: 5_000, nowMs: 5_100 }, from("blue"));
  expect(counted.count(5_100).longestGapMs).toBe(150);
});

test("tells what ended of late on each path, and all by the color that answered", () => {
  const counted = tally();
  const end = (number: number, path: string, nowMs: number, result: ProbeResult) => {
    counted.send();
    counted.end({ number, path, sentMs: nowMs, nowMs }, result);
  };
  end(0, "/old", 0, from("blue", 500));
  end(1, "/a", 20_000, from("green", 500));
  end(2, "/a", 20_000, timeout);
  counted.previewEnd({ color: "blue", path: "/a", nowMs: 20_000 }, from("blue", 503));
  counted.previewEnd({ color: "blue", path: "/a", nowMs: 20_000 }, from("green", 503));
  const one = { bad: 1, total: 1 };
  expect(counted.count(20_000)).toMatchObject({
    own: { served: { blue: one, green: one }, unnamed: one },
    recent: [
      {
        path: "/a",
        served: { blue: { bad: 0, total: 0 }, green: one },
        unnamed: one,
        previewed: one,
      },
    ],
  });
});

test("tells how requests ended since the last mark, not those that were on their way", () => {
  const counted = tally();
  const broken: ProbeResult = { ...timeout, headers: { "x-bluegreen-color": "green" } };
  for (let i = 0; i < 7; i += 1) {
    if (i === 2) counted.mark();
    counted.send();
  }
  const end = (number: number, result: ProbeResult, stalled = false) => {
    counted.end({ number, path: "/a", sentMs: 0, nowMs: 100, stalled }, result);
  };
  end(0, timeout);
  end(1, from("blue", 500));
  end(2, timeout);
  end(3, broken);
  end(4, { ...timeout, connected: false });
  end(5, timeout, true);
  end(6, from("green"), true);
  const { own, failed, recent } = counted.count(200);
  expect(failed).toBe(6);
  expect(own).toMatchObject({
    served: { blue: { bad: 0, total: 0 }, green: { bad: 1, total: 2 } },
    unnamed: { bad: 2, total: 2 },
    unreached: 1,
    routed: {
      green: { sure: { bad: 0, total: 2 }, unsure: { bad: 1, total: 0 } },
      unnamed: { sure: { bad: 0, total: 0 }, unsure: { bad: 2, total: 2 } },
    },
  });
  expect(recent).toMatchObject([{ path: "/a", unnamed: { bad: 2, total: 2 } }]);
});
