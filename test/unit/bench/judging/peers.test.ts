/** The judges that bluegreen is compared with do what their descriptions say. */

import { expect, it } from "vitest";
import { argoLike, fixedRule } from "../../../../bench/judging/peers.ts";

/** A look every 2 s at 10 requests a second, of which so many fail from a second on. */
function samples(share: number, fromSecond = 0) {
  let errors = 0;
  return Array.from({ length: 151 }, (_, look) => {
    const second = 2 * look;
    if (second > fromSecond) errors += 20 * share;
    return { atMs: 1_000 * second, requests: 10 * second, errors };
  });
}

it("the fixed rule waits for 50 requests, then acts on 5 %", () => {
  expect(fixedRule(samples(0.05))).toBe(6_000);
  expect(fixedRule(samples(0.04))).toBeNull();
});

it("the fixed rule looks at the last minute only", () => {
  expect(fixedRule(samples(1, 200))).toBe(204_000);
});

it("the other one acts on its fourth failed measurement, one every 10 s", () => {
  expect(argoLike(samples(0.1))).toBe(40_000);
  expect(argoLike(samples(0.05))).toBeNull();
  expect(argoLike(samples(1, 200))).toBe(240_000);
});

it("neither acts without requests", () => {
  const idle = samples(0).map(({ atMs }) => ({ atMs, requests: 0, errors: 0 }));
  expect(fixedRule(idle)).toBeNull();
  expect(argoLike(idle)).toBeNull();
});
