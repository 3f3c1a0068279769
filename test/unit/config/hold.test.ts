/** Settings of the hold: how small, and which colors can't shrink. */

import { describe, expect, test } from "vitest";

import { parseSettings } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const settings = (warm: unknown, more: Readonly<Record<string, string>> = {}) =>
  parseSettings({ ...minimal, ...more, hold: JSON.stringify({ warm }) });

describe("a hold", () => {
  test("keeps the former color as large as it is by default", () => {
    expect(parseSettings(minimal).hold).toEqual({ warm: null, growWithinMs: 30_000 });
  });

  test.each([1, 1_000, "25%", "1%", "99%"])("may be warm: %s", (warm) => {
    expect(settings(warm).hold.warm).toBe(warm);
  });

  test.each([0, -1, 1.5, "0%", "100%", "25", "half", true])("isn't warm by %s", (warm) => {
    const { details } = refusalOf(() => settings(warm));
    expect(details).toHaveLength(1);
    expect(details[0]).toContain("bluegreen:hold.warm");
    expect(details[0]).toContain("a whole number from 1 to 1000");
  });

  const servers = {
    kind: "servers",
    blue: ["10.0.0.1:80"],
    green: ["10.0.0.2:80"],
    install: ["x"],
  };
  test.each([
    [{ platform: "proxy", proxy: JSON.stringify({ colors: servers }) }, "servers stay as many"],
    [{ given: JSON.stringify({ blue: { addresses: ["10.0.0.1:80"] } }) }, "somebody else manages"],
    [{ color: JSON.stringify({ file: "./my-color.ts" }) }, "component of your own"],
    [{ bake: JSON.stringify({ duration: "0s" }) }, "after a bake that passed"],
  ])("can't be warm with %j", (more, words) => {
    const { details } = refusalOf(() => settings(1, more));
    expect(details.join("\n")).toContain(words);
    expect(details.filter((line) => line.includes("hold.warm"))).toHaveLength(1);
  });
});
