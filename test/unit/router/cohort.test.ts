/** Whose requests belong to a cohort: headers and cookies as clients really send them. */

import { describe, expect, test } from "vitest";

import type { Cohort } from "../../../infra/model.ts";
import { matcherOf } from "../../../infra/platforms/local/router/cohort.ts";

const byHeader: Cohort = { kind: "header", name: "x-beta", value: "yes" };
const byCookie: Cohort = { kind: "cookie", name: "Team", value: "qa" };
const matches = (groups: readonly Cohort[], ...rawHeaders: string[]) =>
  matcherOf({ color: "green", groups })(rawHeaders) === "green";

describe("a cohort by header", () => {
  test.each([
    ["as it is written", ["x-beta", "yes"], true],
    ["in another case of the name", ["X-BETA", "yes"], true],
    ["beside others", ["host", "a", "x-beta", "yes", "accept", "*/*"], true],
    ["in one of several lines", ["x-beta", "no", "x-beta", "yes"], true],
    ["with another value", ["x-beta", "no"], false],
    ["in another case of the value", ["x-beta", "YES"], false],
    ["as a part of the value", ["x-beta", "yes, no"], false],
    ["with an empty value", ["x-beta", ""], false],
    ["with a name without a value", ["x-beta"], false],
    ["in the value of another one", ["x-note", "x-beta: yes"], false],
    ["as a cookie", ["cookie", "x-beta=yes"], false],
    ["without any header", [], false],
  ])("has a request with it %s: %j is %s", (_name, rawHeaders, expected) => {
    expect(matches([byHeader], ...rawHeaders)).toBe(expected);
  });
});

describe("a cohort by cookie", () => {
  const many = Array.from({ length: 400 }, (_, index) => `c${index}=${index}`).join("; ");

  test.each([
    ["Team=qa", true],
    ["theme=dark; Team=qa", true],
    ["theme=dark;Team=qa;", true],
    [" Team = qa ", true],
    ['Team="qa"', true],
    [`${many}; Team=qa`, true],
    ["Team=qa; Team=dev", true],
    ["Team=dev; Team=qa", false],
    ["team=qa", false],
    ["Team=QA", false],
    ["Team=qa2", false],
    ["Team=q%61", false],
    ["Team=qa=1", false],
    ['Team="qa', false],
    ["OtherTeam=qa", false],
    ["x=Team=qa", false],
    ["Team", false],
    ["=qa", false],
    [";;=;==;", false],
    ["", false],
    ["Team=qa\u0000", false],
  ])("is read from %j: %s", (cookie, expected) => {
    expect(matches([byCookie], "cookie", cookie)).toBe(expected);
  });

  test("may be in any line of cookies", () => {
    expect(matches([byCookie], "cookie", "a=1", "Cookie", "Team=qa")).toBe(true);
    expect(matches([byCookie], "cookie", "Team=dev", "cookie", "Team=qa")).toBe(false);
  });

  test("isn't had by a header of its name", () => {
    expect(matches([byCookie], "Team", "qa")).toBe(false);
  });
});

test("of several cohorts each is enough", () => {
  const both = [byHeader, byCookie];
  expect(matches(both, "x-beta", "no", "cookie", "Team=qa")).toBe(true);
  expect(matches(both, "x-beta", "yes", "cookie", "Team=dev")).toBe(true);
  expect(matches(both, "x-beta", "no", "cookie", "Team=dev")).toBe(false);
});
