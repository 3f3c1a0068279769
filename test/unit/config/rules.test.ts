import { describe, expect, test } from "vitest";

import { parseSettings } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

function linesOf(raw: Record<string, unknown>): readonly string[] {
  const texts = Object.entries(raw).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return refusalOf(() =>
    parseSettings({ ...minimal, ...(Object.fromEntries(texts) as Record<string, string>) }),
  ).details;
}

const given = (blue: string, green: string) => ({
  blue: { addresses: [blue] },
  green: { addresses: [green] },
});

describe("rules between settings", () => {
  test.each([
    ["a bake that is never judged", { bake: { interval: "31s" } }, "bake.interval"],
    ["no detectable error rate", { bake: { detect: 0.001, errorBudget: 0.001 } }, "bake.detect"],
    ["a window shorter than the bake", { rollbackWindow: "29s" }, "rollbackWindow"],
    ["a claim that ends before the start", { claim: "30s" }, "claim"],
    [
      "a window that ends before the drain",
      { rollbackWindow: "40s", bake: '{ "duration": "0s" }', drain: "2m" },
      "rollbackWindow",
    ],
    ["a drain as long as the claim", { drain: "2m", claim: "2m" }, "drain"],
    ["more probes than a switch has time for", { probe: { count: 200 } }, "switchWithin"],
    ["a pause as long as a probe", { local: { command: ["x"], pause: "2s" } }, "local.pause"],
    ["no command and no addresses", { local: {} }, "local.command"],
    ["no command and one color's addresses", { local: {}, given: { blue: null } }, "local.command"],
    ["one address for both colors", { given: given("a:1", "A:01") }, "given.green.addresses[0]"],
    [
      "the router as its own color",
      { given: given("127.0.0.1:8080", "127.0.0.1:1") },
      "given.blue.addresses[0]",
    ],
    [
      "two checks of one name",
      { checks: [{ kind: "version" }, { kind: "version" }] },
      "checks[1].name",
    ],
    [
      "a deadline shorter than one attempt",
      { checks: [{ kind: "http", path: "/", timeout: "31s" }] },
      "checks[0].deadline",
    ],
    [
      "two places to read a version from",
      { checks: [{ kind: "version", json: "v", header: "v" }] },
      "checks[0].header",
    ],
  ])("refuse %s", (_title, raw, key) => {
    const lines = linesOf(raw);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.startsWith(`bluegreen:${key}`)).toBe(true);
  });

  test.each([
    { bake: '{"interval":"30s"}' },
    { bake: '{"duration":"0s"}' },
    { rollbackWindow: "30s" },
    { claim: "41s" },
    { probe: '{"count":199}' },
    { local: '{"command":["x"],"pause":"1999ms"}' },
    { local: '{"command":["x"],"start":"1h"}', claim: "61m" },
  ])("accept what is just good enough: %j", (raw) => {
    expect(() => parseSettings({ ...minimal, ...(raw as Record<string, string>) })).not.toThrow();
  });

  test("print both values, and which of them is a default", () => {
    expect(linesOf({ claim: "20s" })).toEqual([
      'bluegreen:claim = "20s": ends before an instance may have started ' +
        '(bluegreen:local.start = "30s", its default); write more than the time to start',
    ]);
    expect(linesOf({ claim: "10s", local: { command: ["x"], start: "1s" } })).toEqual([
      `bluegreen:drain = "10s", its default: isn't shorter than the claim under which a color is ` +
        'emptied (bluegreen:claim = "10s"); write less than the claim\'s time',
    ]);
  });

  test("say nothing about settings that are wrong in themselves", () => {
    const lines = linesOf({ bake: { duration: "x", interval: "9m" }, checks: [{}, {}] });
    expect(lines.map((line) => line.split(/[ :]/)[1])).toEqual([
      "checks[0].kind",
      "checks[1].kind",
      "bake.duration",
    ]);
  });
});
