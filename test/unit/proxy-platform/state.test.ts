/** States: names and files that lead back to what they were made of. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RouterState } from "../../../infra/platforms/proxy/state.ts";
import {
  formatState,
  ladder,
  parseState,
  stateName,
  stateNamePattern,
  weightsIn,
} from "../../../infra/platforms/proxy/state.ts";

const text = fc.string();
const pin = fc.record({
  ...{ digest: text, version: text, reason: text, by: text, at: text },
  until: fc.option(text),
});
const mark = fc.record({
  ...{ generation: fc.nat(), at: text, by: text, reason: text, pin: fc.option(pin) },
});
const weights = fc.oneof(
  fc.constantFrom(...ladder).map((blue) => ({ blue, green: 100 - blue })),
  fc.constant({ blue: 0, green: 0 }),
);
const state: fc.Arbitrary<RouterState> = fc.record({
  ...{ weights, generation: fc.nat(), rolloutId: fc.option(text), mark: fc.option(mark) },
  former: fc.option(fc.constantFrom("blue" as const, "green" as const)),
});

test("a state's file and name lead back to it", () => {
  fc.assert(
    fc.property(state, (each) => {
      expect(parseState(formatState(each), "file")).toEqual(each);
      expect(weightsIn(stateName(each))).toEqual(each.weights);
      expect(stateName(each)).toMatch(new RegExp(`^${stateNamePattern}$`));
    }),
  );
});

test("equal states have one name, others another", () => {
  fc.assert(
    fc.property(state, state, (one, two) => {
      const equal = formatState(one) === formatState(two);
      expect(stateName(one) === stateName(two)).toBe(equal);
    }),
  );
  const stamp = { generation: 1, rolloutId: "r", mark: null, former: null };
  const plain = { weights: { blue: 100, green: 0 }, ...stamp };
  const turned = {
    former: null,
    mark: null,
    rolloutId: "r",
    generation: 1,
    weights: { green: 0, blue: 100 },
  };
  expect(stateName(turned)).toBe(stateName(plain));
});

test("weights between the steps are refused with the steps", () => {
  const stamp = { generation: 1, rolloutId: null, mark: null, former: null };
  const between = { weights: { blue: 33, green: 67 }, ...stamp };
  expect(() => stateName(between)).toThrow(/blue 33 \/ green 67/);
});

describe("what isn't a state", () => {
  test.each(["", "none", "101-1-0123456789ab", "50-1-xyz", "../50-1-0123456789ab"])(
    "%j has no weights",
    (name) => {
      expect(weightsIn(name)).toBeNull();
    },
  );

  test.each([
    ["{", "RECORD_BROKEN"],
    ["{}", "RECORD_BROKEN"],
    ['{"schema":1}', "RECORD_BROKEN"],
    ['{"schema":2,"anything":true}', "RECORD_NEWER"],
  ])("%s is %s", (content, code) => {
    expect(() => parseState(content, "file")).toThrow(expect.objectContaining({ code }));
  });
});
