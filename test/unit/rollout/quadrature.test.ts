/** Points of an integral over (0, 1): exact for polynomials. */

import { expect, test } from "vitest";
import { gaussPoints } from "../../../automation/rollout/quadrature.ts";

test.each([0, 1, 2, 7, 60, 127])("64 points integrate the power %i exactly", (power) => {
  const sum = gaussPoints(64).reduce((all, { at, weight }) => all + weight * at ** power, 0);
  expect(sum * (power + 1)).toBeCloseTo(1, 12);
});
