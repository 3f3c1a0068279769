import { expect, test } from "vitest";
import { weightsOf } from "../../../automation/rollout/metrics-joint.ts";

test.each([
  [[{}], [1]],
  [
    [{}, {}],
    [0.5, 0.5],
  ],
  [
    [{}, { weight: 0.02 }, {}],
    [0.49, 0.02, 0.49],
  ],
  [[{ weight: 0.02 }], [1]],
  [[], []],
])("what metrics count in the average is 1 together: %j", (series, weights) => {
  const found = weightsOf(series);
  expect(found).toHaveLength(weights.length);
  for (const [index, weight] of weights.entries()) expect(found[index]).toBeCloseTo(weight, 12);
});
