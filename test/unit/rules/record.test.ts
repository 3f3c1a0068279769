/** Reading the record from stack outputs. */

import { describe, expect, test } from "vitest";
import { emptyRecord } from "../../../infra/model.ts";
import type { Claim } from "../../../infra/model.ts";
import { parseColorOutputs, parseRecord, pinOf, schemaWith } from "../../../infra/rules/record.ts";
import { claimOf, inMinutes, nowMs, outputsOf, pinOn, recordOf, rolloutOf } from "./views.ts";

/** As the engine hands it back: nulls are gone, and our own fields aren't the only ones. */
function throughTheEngine(value: object): Record<string, unknown> {
  const text = JSON.stringify(
    { ...value, url: "http://127.0.0.1:1", platform: "local" },
    (_key, inner: unknown) => inner ?? undefined,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

function claimEnding(rollbackUntil: string | null): Claim {
  const previousRelease = { color: "green", release: outputsOf("green", "1").release } as const;
  const rollout = rollbackUntil === null ? null : rolloutOf("hold");
  return { ...claimOf(), ends: { window: { previousRelease, rollbackUntil }, rollout } };
}

describe("the record", () => {
  test("of a stack without outputs is the empty one", () => {
    expect(parseRecord({})).toEqual(emptyRecord);
  });

  test.each([
    ["an empty one", emptyRecord],
    ["one at rest", recordOf({ pins: [pinOn("2"), pinOn("3", { until: inMinutes(1) })] })],
    [
      "one in the middle of a first release",
      recordOf({
        activeColor: null,
        claim: claimOf({ owner: null }),
        rollout: rolloutOf("gate", { former: null }),
      }),
    ],
    [
      "one whose claim ended a window",
      recordOf({ claim: claimEnding(inMinutes(5)), rollout: rolloutOf("provision") }),
    ],
    [
      "one whose claim ended a way back without a window",
      recordOf({ claim: claimEnding(null), rollout: rolloutOf("provision") }),
    ],
    [
      "one whose bake told nothing",
      recordOf({
        rollout: rolloutOf("hold", { baked: { verdict: "inconclusive", sentence: "too few" } }),
      }),
    ],
  ])("survives the engine, which drops nulls: %s", (_name, record) => {
    expect(parseRecord(throughTheEngine(record))).toEqual(record);
  });

  test("of before bakes were recorded is read as one without a verdict", () => {
    const rollout = Object.entries(rolloutOf("hold")).filter(([key]) => key !== "baked");
    const stored = { ...recordOf(), rollout: Object.fromEntries(rollout) };
    expect(parseRecord(stored).rollout).toEqual(rolloutOf("hold"));
  });

  test("of before claims kept what they ended is read as it is", () => {
    const stored = recordOf({ claim: claimOf(), rollout: rolloutOf("provision") });
    expect(parseRecord({ ...stored }).claim).toEqual(claimOf());
  });

  test("of a newer version is refused, so that nothing is lost", () => {
    expect(() => parseRecord({ ...recordOf(), schema: 4, novelty: true })).toThrow(
      expect.objectContaining({
        code: "RECORD_NEWER",
        message: expect.stringContaining("version 4") as string,
      }),
    );
  });

  test("that is broken names each field that is", () => {
    const broken = { ...recordOf(), activeColor: "red", generation: "three" };
    expect(() => parseRecord(broken)).toThrow(
      expect.objectContaining({
        code: "RECORD_BROKEN",
        details: [
          expect.stringMatching(/^activeColor: /) as string,
          expect.stringMatching(/^generation: /) as string,
        ],
      }),
    );
    expect(() => parseRecord({ schema: "one" })).toThrow(
      expect.objectContaining({ code: "RECORD_BROKEN" }),
    );
  });
});

describe("a color's outputs", () => {
  test("are null while it is empty and otherwise what was filled", () => {
    expect(parseColorOutputs({})).toBeNull();
    const more = { spec: { command: ["app"] }, works: { from: 1, to: 2 } };
    const outputs = outputsOf("green", "2", more);
    expect(parseColorOutputs(throughTheEngine(outputs))).toEqual(outputs);
  });

  test("are refused when newer or broken", () => {
    const outputs = { ...outputsOf("green", "2") };
    expect(() => parseColorOutputs({ ...outputs, schema: 4 })).toThrow(
      expect.objectContaining({ code: "RECORD_NEWER" }),
    );
    expect(() => parseColorOutputs({ ...outputs, addresses: "many" })).toThrow(
      expect.objectContaining({ code: "RECORD_BROKEN" }),
    );
  });
});

test("only who knows of databases can read what knows of one", () => {
  expect(emptyRecord.schema).toBe(1);
  expect(schemaWith(null)).toBe(1);
  expect(schemaWith({ schema: null, steps: [], pending: null })).toBe(2);
  expect(schemaWith({ from: 1, to: 1 })).toBe(2);
  expect(schemaWith({ from: 1, to: 1 }, { rolloutId: "r-2", full: 3 })).toBe(3);
  expect(schemaWith(null, { rolloutId: "r-2", full: 3 })).toBe(3);
});

test("a pin holds up to its end, on its digest and not on its version", () => {
  const pins = [pinOn("2", { until: inMinutes(5) })];
  expect(pinOf(pins, "sha-2", nowMs)).toEqual(pins[0]);
  expect(pinOf(pins, "sha-2", Date.parse(inMinutes(5)))).toBeNull();
  expect(pinOf(pins, "2", nowMs)).toBeNull();
});
