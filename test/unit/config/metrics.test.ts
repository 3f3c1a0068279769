import { describe, expect, test } from "vitest";

import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const long = { ...minimal, bake: JSON.stringify({ duration: "10m" }) };
const url = "http://127.0.0.1:9090";
const counts = { kind: "prometheus", name: "orders", url, bad: "sum(bad)", total: "sum(all)" };
const value = { kind: "json", name: "rate", url, value: "/rate", lower: 10 };
const program = { kind: "command", name: "own", argv: ["orders"], prints: "counts" };

function metricsOf(...metrics: readonly object[]) {
  return parseSettings({ ...long, metrics: JSON.stringify(metrics) }).metrics;
}

function linesOf(metrics: readonly object[], more: object = {}): readonly string[] {
  const raw = { ...long, metrics: JSON.stringify(metrics), ...more };
  return refusalOf(() => parseSettings(raw)).details;
}

test("a metric has its defaults", () => {
  expect(metricsOf(counts)).toEqual([
    {
      ...{ ...counts, value: null, headers: {}, reads: "counts" },
      ...{ intervalMs: 10_000, timeoutMs: 5_000, tolerateMs: 60_000, budget: null, detect: null },
      ...{ upper: null, lower: null, ofFormer: null, better: "lower", consecutive: 3 },
      afterMs: 60_000,
    },
  ]);
});

test("each kind tells what it reads", () => {
  const own = { ...program, name: "load", prints: "value", upper: 4 };
  const read = metricsOf(counts, value, program, own).map(({ name, reads }) => [name, reads]);
  expect(read).toEqual([
    ["orders", "counts"],
    ["rate", "value"],
    ["own", "counts"],
    ["load", "value"],
  ]);
});

test("headers may be secret", () => {
  const file = [
    "config:",
    "  bluegreen:environment: dev",
    '  bluegreen:local: { command: ["node"] }',
    "  bluegreen:bake: { duration: 10m }",
    "  bluegreen:metrics:",
    `    - { kind: json, name: rate, url: "${url}", value: rate, lower: 1,`,
    "        headers: { authorization: { secure: abc } } }",
    "",
  ].join("\n");
  const [metric] = parseSettingsFile(file, "Pulumi.dev.yaml").metrics;
  expect(metric).toHaveProperty("headers", { authorization: opaqueSecret });
});

describe("is refused with one line", () => {
  test.each([
    ["a name that is a metric of ours", { ...counts, name: "latency" }, "metrics[0].name"],
    ["counts without all of them", { ...counts, total: undefined }, "metrics[0].total"],
    ["counts and a value", { ...counts, value: "x" }, "metrics[0].value"],
    ["a value without a limit", { ...value, lower: undefined }, "metrics[0].upper"],
    ["limits that cross", { ...value, upper: 9 }, "metrics[0].lower"],
    ["a limit for counts", { ...counts, upper: 3 }, "metrics[0].upper"],
    ["a budget for a value", { ...value, budget: 0.1 }, "metrics[0].budget"],
    ["a limit for a program's counts", { ...program, lower: 3 }, "metrics[0].lower"],
    ["another scheme", { ...value, url: "file:///etc/passwd" }, "metrics[0].url"],
    ["credentials in an address", { ...value, url: "http://a:b@h.example" }, "metrics[0].url"],
    ["a metadata address", { ...value, url: "http://169.254.169.254/" }, "metrics[0].url"],
    ["an unknown source", { ...value, kind: "guess" }, "metrics[0].kind"],
  ])("%s", (_name, metric, place) => {
    const lines = linesOf([metric]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(place);
  });

  test("two metrics of one name", () => {
    const lines = linesOf([counts, { ...program, name: "orders" }]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("metrics[1].name");
  });

  test.each([
    [{ tolerate: "15s" }, "write more than 15s, or a shorter interval or timeout"],
    [{ interval: "2m" }, "write more than 2m5s, or a shorter interval or timeout"],
    [{ interval: "1h", tolerate: "1h" }, "together less than the longest tolerate, 1h"],
  ])("one that is silent between two good readings: %o", (times, fix) => {
    const lines = linesOf([{ ...counts, ...times }]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("metrics[0].tolerate");
    expect(lines[0]).toContain("metrics[0].interval");
    expect(lines[0]).toContain(fix);
    expect(metricsOf({ ...counts, tolerate: "16s" })).toHaveLength(1);
  });

  test("a value whose verdict comes after the bake", () => {
    const lines = linesOf([value], { bake: JSON.stringify({ duration: "80s" }) });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("a verdict takes 1m20s");
    expect(parseSettings({ ...minimal, bake: '{"duration":"0s"}' }).metrics).toEqual([]);
  });
});
