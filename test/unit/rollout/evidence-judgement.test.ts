/** The judgement of a release from readings since the switch. */
import { expect, test } from "vitest";
import { judge, logE, logMixtureE } from "../../../automation/rollout/evidence.ts";
import type { Sample } from "../../../automation/rollout/evidence.ts";

const p0 = 0.01;

/** One reading a second from the switch on; `rate` gives the requests and errors of a second. */
function readings(
  seconds: number,
  rate: (second: number) => { requests: number; errors: number },
): Sample[] {
  const samples: Sample[] = [{ atMs: 0, requests: 0, errors: 0 }];
  let total = { requests: 0, errors: 0 };
  for (let second = 1; second <= seconds; second++) {
    const { requests, errors } = rate(second);
    total = { requests: total.requests + requests, errors: total.errors + errors };
    samples.push({ atMs: second * 1000, ...total });
  }
  return samples;
}

test("no reading and no request are inconclusive, never a pass", () => {
  for (const samples of [[], readings(600, () => ({ requests: 0, errors: 0 }))]) {
    const judgement = judge({ samples, p0 });
    expect(judgement).toMatchObject({ verdict: "inconclusive", requests: 0, needed: 129 });
    expect(judgement.logEvidence).toBeCloseTo(0, 12);
    expect(judgement.sentence).toBe("no requests yet: 129 are needed to find 10 % errors");
  }
});

test("a pass is earned by requests, not by time", () => {
  const quiet = judge({
    samples: readings(600, (s) => ({ requests: s % 5 ? 0 : 1, errors: 0 })),
    p0,
  });
  expect(quiet).toMatchObject({ verdict: "inconclusive", requests: 120, needed: 129 });
  expect(quiet.sentence).toBe(
    "0 errors in 120 requests where at most 1 % are expected: " +
      "9 more are needed to find 10 % errors",
  );
  const busy = judge({ samples: readings(13, () => ({ requests: 10, errors: 0 })), p0 });
  expect(busy.verdict).toBe("pass");
  expect(busy.sentence).toBe(
    "0 errors in 130 requests where at most 1 % are expected: " +
      "129 are enough to find 10 % errors",
  );
});

test("more errors than expected fail the release and say how sure that is", () => {
  const judgement = judge({ samples: [{ atMs: 0, requests: 61, errors: 8 }], p0 });
  expect(judgement).toMatchObject({ verdict: "fail", requests: 61, errors: 8 });
  expect(judgement.logEvidence).toBeCloseTo(
    Math.log(0.5 * Math.exp(logE({ bad: 8, total: 61, p0 })) + 0.5),
    9,
  );
  expect(judgement.sentence).toMatch(
    /^8 errors in 61 requests where at most 1 % are expected: evidence [\d,]+:1 against the release$/,
  );
});

test("the release fails exactly when the evidence reaches 1/alpha", () => {
  const samples = [{ atMs: 0, requests: 61, errors: 8 }];
  const alpha = Math.exp(-judge({ samples, p0 }).logEvidence);
  expect(judge({ samples, p0, alpha: alpha * 1.001 }).verdict).toBe("fail");
  expect(judge({ samples, p0, alpha: alpha * 0.999 }).verdict).toBe("inconclusive");
});

test("a breakage after a long good time is found at once, and the sentence points at it", () => {
  const samples = readings(605, (second) => ({ requests: 20, errors: second > 603 ? 20 : 0 }));
  expect(logE({ bad: 40, total: 12_100, p0 })).toBeLessThan(0);
  const judgement = judge({ samples, p0 });
  expect(judgement.verdict).toBe("fail");
  expect(judgement.sentence).toContain("40 errors in the last 100 of 12,100 requests");
});

test("processes that haven't started count as 1, so the weights add up to 1", () => {
  const samples = readings(600, () => ({ requests: 0, errors: 0 }));
  for (const end of [1, 31, 150, 601]) {
    expect(logMixtureE({ samples: samples.slice(0, end), p0 })).toBeCloseTo(0, 12);
  }
});

test("each process sees only what came after its start", () => {
  const samples = readings(40, (second) => ({ requests: 1, errors: second === 35 ? 1 : 0 }));
  const first = Math.exp(logE({ bad: 1, total: 40, p0 }));
  const second = Math.exp(logE({ bad: 1, total: 10, p0 }));
  const expected = Math.log(first / 2 + second / 6 + 1 / 3);
  expect(logMixtureE({ samples, p0 })).toBeCloseTo(expected, 12);
});

test("a process whose start was missed begins with the next reading", () => {
  const samples = [
    { atMs: 0, requests: 0, errors: 0 },
    { atMs: 95_000, requests: 50, errors: 5 },
    { atMs: 100_000, requests: 60, errors: 6 },
  ];
  const first = Math.exp(logE({ bad: 6, total: 60, p0 }));
  const later = Math.exp(logE({ bad: 1, total: 10, p0 }));
  const expected = Math.log(first / 2 + later * (1 / 6 + 1 / 12 + 1 / 20) + 1 / 5);
  expect(logMixtureE({ samples, p0 })).toBeCloseTo(expected, 12);
});

test("a counter that was reset goes on counting from zero", () => {
  const samples = [
    { atMs: 0, requests: 100, errors: 1 },
    { atMs: 1000, requests: 200, errors: 2 },
    { atMs: 2000, requests: 30, errors: 1 },
    { atMs: 3000, requests: 40, errors: 1 },
  ];
  expect(judge({ samples, p0 })).toMatchObject({ requests: 240, errors: 3 });
});

test("a reading with more errors than requests never counts more than all", () => {
  const judgement = judge({ samples: [{ atMs: 0, requests: 1, errors: 3 }], p0 });
  expect(judgement).toMatchObject({ requests: 1, errors: 1 });
});

test("a clock that jumps neither crashes nor invents evidence", () => {
  const back = [
    { atMs: 9e12, requests: 0, errors: 0 },
    { atMs: 0, requests: 200, errors: 0 },
  ];
  expect(judge({ samples: back, p0 }).verdict).toBe("pass");
  expect(judge({ samples: back.toReversed(), p0 }).verdict).not.toBe("fail");
  const ahead = [
    { atMs: 0, requests: 0, errors: 0 },
    { atMs: 9e12, requests: 200, errors: 0 },
  ];
  expect(judge({ samples: ahead, p0 }).verdict).toBe("pass");
});

test("errors that come in bursts count for less, and a pass needs more requests", () => {
  const samples = [{ atMs: 0, requests: 100, errors: 8 }];
  const plain = judge({ samples, p0 });
  const bursty = judge({ samples, p0, phi: 3 });
  expect(plain.verdict).toBe("fail");
  expect(bursty.verdict).toBe("inconclusive");
  expect(bursty.needed).toBe(3 * plain.needed);
});

test("where the former color errs as much as is to be found, no time earns a pass", () => {
  const samples = readings(60, () => ({ requests: 1000, errors: 150 }));
  const judgement = judge({ samples, p0: 0.2 });
  expect(judgement).toMatchObject({ verdict: "inconclusive", needed: Infinity });
  expect(judgement.sentence).toContain("no number of requests could show 10 % errors");
});

test("slow replies are judged as errors are, by their own name", () => {
  const samples = [{ atMs: 0, requests: 200, errors: 60 }];
  const judgement = judge({ samples, p0: 0.1, detect: 0.3, noun: "slow replies" });
  expect(judgement.verdict).toBe("fail");
  expect(judgement.sentence).toContain("60 slow replies in 200 requests");
});

test("a pass may be earned by a stricter share where the other can't tell good from bad", () => {
  const good = { samples: readings(20, () => ({ requests: 10, errors: 0 })), p0: 0.5 };
  expect(judge(good)).toMatchObject({ verdict: "inconclusive", needed: Infinity });
  expect(judge({ ...good, passP0: 0.01 })).toMatchObject({ verdict: "pass", needed: 129 });
});

test("what breaks the stricter share doesn't pass by it, and doesn't fail by it either", () => {
  const samples = readings(20, () => ({ requests: 10, errors: 3 }));
  const judgement = judge({ samples, p0: 0.5, passP0: 0.01 });
  expect(judgement).toMatchObject({ verdict: "inconclusive", needed: Infinity });
  expect(judge({ samples, p0: 0.1, passP0: 0.01 }).verdict).toBe("fail");
});
