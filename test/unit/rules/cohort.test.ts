/** The record while a cohort has traffic: what moves it, what ends it, and who may not touch it. */

import { describe, expect, test } from "vitest";
import type { RouterRecord, Weights } from "../../../infra/model.ts";
import { formatWeights, hasAll, isServed, sameWeights } from "../../../infra/model.ts";
import { parseRecord } from "../../../infra/rules/record.ts";
import type * as request from "../../../infra/rules/request.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import { claimOf, recordOf, rollBackAsked, rolloutOf, viewOf } from "./views.ts";

const beta = { kind: "header", name: "x-beta", value: "yes" } as const;
const weights: Weights = { blue: 100, green: 0, cohorts: { color: "green", groups: [beta] } };
const shifting = { rollout: rolloutOf("shift"), claim: claimOf(), weights };
const file = { declared: { activeColor: null, generation: null }, name: "file" };

function apply(record: Partial<RouterRecord>, asked: request.Request) {
  return applyRequest(viewOf({ record }), asked, file);
}

const shift: request.Shift = { kind: "Shift", rolloutId: "r-2", digest: "sha-2", weights };

describe("a cohort", () => {
  test("comes with a shift, which activates the color and counts anew", () => {
    const checked = { rollout: rolloutOf("check"), claim: claimOf() };
    const { record, activation } = apply(checked, shift);
    expect(record).toMatchObject({ activeColor: "blue", weights, generation: 3, schema: 3 });
    expect(record.rollout?.phase).toBe("shift");
    expect(activation).toMatchObject({ color: "green", rollback: false });
  });

  test("is read from the record as it was written, by who knows its version", () => {
    const stored = { ...recordOf(shifting), schema: 3 };
    expect(parseRecord(JSON.parse(JSON.stringify(stored)) as typeof stored)).toEqual(stored);
  });

  test("ends with a rollback, though the former color had all shares", () => {
    const { record, activation, mark } = apply({ ...shifting, schema: 3 }, rollBackAsked());
    expect(record.weights).toEqual({ blue: 100, green: 0 });
    expect(record).toMatchObject({ generation: 5, rollout: null, claim: null, schema: 1 });
    expect([activation?.color, mark?.generation]).toEqual(["blue", 5]);
  });

  test("ends with the switch", () => {
    const asked = { kind: "Switch", rolloutId: "r-2", digest: "sha-2" } as const;
    const { record } = apply(shifting, { ...asked, start: null, holdUntil: null });
    expect(record.weights).toEqual({ blue: 0, green: 100 });
  });

  test("keeps its rollout from being aborted", () => {
    const abort = { kind: "Abort", reason: "no", rolloutId: null, untouched: false } as const;
    expect(() => apply(shifting, abort)).toThrow(
      expect.objectContaining({
        code: "ROLLOUT_OPEN",
        message: expect.stringContaining("green has header x-beta: yes of the traffic") as string,
      }),
    );
  });
});

test("weights with a cohort serve both colors, and are like no other", () => {
  expect([isServed(weights, "green"), hasAll(weights, "blue")]).toEqual([true, false]);
  expect(sameWeights(weights, { blue: 100, green: 0 })).toBe(false);
  expect(sameWeights(weights, structuredClone(weights))).toBe(true);
  const other = { color: "green", groups: [{ ...beta, value: "no" }] } as const;
  expect(sameWeights(weights, { ...weights, cohorts: other })).toBe(false);
  expect(formatWeights(weights)).toBe("blue 100 / green 0, header x-beta: yes to green");
});
