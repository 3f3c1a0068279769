import { expect, test } from "vitest";
import {
  sendsOn,
  syntheticSentence,
  withSynthetic,
} from "../../../automation/rollout/synthetic.ts";

const pace = { needed: 100, durationMs: 30_000, elapsedMs: 3_000, sends: true };

test("sends until users alone come at twice the pace, and again when they fall behind it", () => {
  expect(sendsOn({ ...pace, users: 19 })).toBe(true);
  expect(sendsOn({ ...pace, users: 20 })).toBe(false);
  expect(sendsOn({ ...pace, users: 11, sends: false })).toBe(false);
  expect(sendsOn({ ...pace, users: 9, sends: false })).toBe(true);
});

test("never rests where no number of requests is enough, or no time has passed", () => {
  expect(sendsOn({ ...pace, users: 1e9, needed: Infinity })).toBe(true);
  expect(sendsOn({ ...pace, users: 0, elapsedMs: 0, sends: false })).toBe(false);
});

test("asks for no more after the bake's end than within it", () => {
  expect(sendsOn({ ...pace, users: 100, elapsedMs: 90_000, sends: false })).toBe(false);
});

test("tells how many samples were synthetic, never more than there were", () => {
  const told = (requests: number, synthetic: number) => withSynthetic("x", { requests, synthetic });
  expect(told(1_200, 1_000)).toBe("x; 1,000 of the 1,200 requests were synthetic");
  expect(told(10, 12)).toBe("x; 10 of the 10 requests were synthetic");
  expect(told(10, 0)).toBe("x; none of the 10 requests was synthetic");
  expect(told(0, 3)).toBe("x");
});

test("names the rate and the first paths, and nothing where none are sent", () => {
  const paths = ["/a", "/b", "/c", "/d"];
  expect(syntheticSentence({ enabled: true, paths, ratePerSecond: 5 })).toBe(
    "where users' requests don't suffice, up to 5 synthetic ones a second ask for /a, /b, /c and 1 more",
  );
  expect(syntheticSentence({ enabled: false, paths, ratePerSecond: 5 })).toBeNull();
});
