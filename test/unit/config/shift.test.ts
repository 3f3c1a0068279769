/** Settings of a shift: what is read, and which steps a platform can't do. */

import { describe, expect, test } from "vitest";

import { shiftSteps } from "../../../automation/rollout/shift-steps.ts";
import { parseSettings } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const steps = (...weights: number[]) => weights.map((weight) => ({ weight, for: "2m" }));

function linesOf(shift: object, more: Readonly<Record<string, string>> = {}): readonly string[] {
  return refusalOf(() => parseSettings({ ...minimal, ...more, shift: JSON.stringify(shift) }))
    .details;
}

const proxy = {
  platform: "proxy",
  proxy: JSON.stringify({ colors: { kind: "process", command: ["node", "server.ts"] } }),
};

describe("a shift", () => {
  test("is all at once by default, and sticks to nothing", () => {
    expect(parseSettings(minimal).shift).toEqual({ steps: [], sticky: false });
  });

  test("has steps of a share and a time", () => {
    const shift = JSON.stringify({ steps: steps(10, 50), sticky: true });
    expect(parseSettings({ ...minimal, shift }).shift).toEqual({
      steps: [
        { weight: 10, cohort: null, forMs: 120_000 },
        { weight: 50, cohort: null, forMs: 120_000 },
      ],
      sticky: true,
    });
  });

  test.each([
    [{ steps: steps(10, 10) }, "bluegreen:shift.steps[1].weight = 10: isn't more than"],
    [{ steps: steps(50, 10) }, "bluegreen:shift.steps[1].weight = 10: isn't more than"],
    [
      { steps: steps(100) },
      "bluegreen:shift.steps[0].weight = 100: is more than 99: all traffic comes by itself",
    ],
    [{ steps: [{ weight: 10 }] }, "bluegreen:shift.steps[0].for: is missing"],
  ])("is refused: %j", (shift, line) => {
    const lines = linesOf(shift);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(line);
  });

  test("on nginx and HAProxy has the shares that need no reload; the nearest is named", () => {
    const [line, ...others] = linesOf({ steps: steps(12, 50) }, proxy);
    expect(others).toEqual([]);
    expect(line).toContain("bluegreen:shift.steps[0].weight = 12: is a share that the router");
    expect(line).toContain("write 10, or another one of 1, 5, 10, 25, 50, 75, 90, 95, 99");
    const shift = JSON.stringify({ steps: steps(10, 50) });
    expect(parseSettings({ ...minimal, ...proxy, shift }).shift.steps).toHaveLength(2);
  });

  const beta = { header: "X-Beta", value: "yes" };
  const cohort = (of: object, more: object = {}) => ({ cohort: of, for: "2m", ...more });

  test("may begin with cohorts, each of which stays in the steps after it", () => {
    const team = { cookie: "team", value: "qa" };
    const shift = JSON.stringify({ steps: [cohort(beta), cohort(team), ...steps(10)] });
    const header = { kind: "header", name: "x-beta", value: "yes" };
    const cookie = { kind: "cookie", name: "team", value: "qa" };
    expect(shiftSteps(parseSettings({ ...minimal, shift }))).toEqual([
      { weight: 0, groups: [header], forMs: 120_000 },
      { weight: 0, groups: [header, cookie], forMs: 120_000 },
      { weight: 10, groups: [header, cookie], forMs: 120_000 },
    ]);
  });

  test.each([
    [[{ for: "2m" }], "shift.steps[0]: has neither a weight nor a cohort"],
    [[cohort(beta, { weight: 10 })], "shift.steps[0]: has a weight and a cohort"],
    [[cohort({ value: "yes" })], "shift.steps[0].cohort: has neither a header nor a cookie"],
    [[cohort({ ...beta, cookie: "b" })], "shift.steps[0].cohort: has a header and a cookie"],
    [[cohort({ header: "x-beta" })], "shift.steps[0].cohort.value: is missing"],
    [[cohort({ ...beta, value: "a b" })], "shift.steps[0].cohort.value"],
    [[cohort({ ...beta, header: "x beta" })], "shift.steps[0].cohort.header"],
    [[cohort({ ...beta, header: "Cookie" })], "is a header with a meaning of its own"],
    [[cohort({ ...beta, header: "authorization" })], "is a header with a meaning of its own"],
    [[...steps(10), cohort(beta)], "shift.steps[1].cohort: comes after a weight"],
    [[cohort(beta), cohort(beta)], "shift.steps[1].cohort: is there already"],
    [[cohort(beta), cohort({ ...beta, header: "x-beta" })], "is there already"],
  ])("with a cohort is refused: %j", (list, line) => {
    const lines = linesOf({ steps: list });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(line);
  });

  test("has no cohorts on nginx and HAProxy, and the line says what works", () => {
    const [line, ...others] = linesOf({ steps: [cohort(beta), ...steps(10)] }, proxy);
    expect(others).toEqual([]);
    expect(line).toContain("can't be told apart by nginx and HAProxy");
    expect(line).toContain("begin with a small weight; platform `local` has cohorts");
  });

  test("that is sticky needs a cookie's name on nginx and HAProxy", () => {
    const [line] = linesOf({ sticky: true }, proxy);
    expect(line).toContain("bluegreen:shift.sticky = true: needs the name of a cookie");
  });

  test("is refused where the colors must never serve at once", () => {
    const local = JSON.stringify({ command: ["node", "server.ts"], pause: "1s" });
    const [line] = linesOf({ steps: steps(10) }, { local });
    expect(line).toContain("bluegreen:shift.steps");
    expect(line).toContain("never serve at once");
  });
});
