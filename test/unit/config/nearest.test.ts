import { describe, expect, test } from "vitest";

import { nearest } from "../../../infra/config/nearest.ts";

describe("the nearest word", () => {
  test.each([
    ["instnaces", "instances"],
    ["Instances", "instances"],
    ["instance", "instances"],
    ["cwd", "cwd"],
    ["cdw", "cwd"],
  ])("to %s is %s", (word, meant) => {
    expect(nearest(word, ["interval", "instances", "include", "cwd"])).toBe(meant);
  });

  test.each(["abc", "region", "", "inst"])("to %j is none", (word) => {
    expect(nearest(word, ["instances", "cwd", "port"])).toBeUndefined();
  });
});
