/** What is said of connections and cookies that stay with a color. */

import { expect, test } from "vitest";
import type { RouterReading, Weights } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import { lastingOf } from "../../../infra/platforms/proxy/lasting.ts";

function reading(weights: Weights | null, open: { blue: number; green: number }) {
  const counts = { requests: 9, errors: 0, lastRequestAt: null };
  const colors = { blue: { ...counts, open: open.blue }, green: { ...counts, open: open.green } };
  const traffic: RouterReading["traffic"] = { kind: "counted", colors };
  return { weights, traffic };
}

test("names what stays with a color that gets no new requests", () => {
  const after = reading(weightsOf("green"), { blue: 3, green: 40 });
  expect(lastingOf(null, after)).toEqual([
    "3 connections stay with blue: requests on their way, and what was upgraded",
  ]);
  expect(lastingOf(null, reading(weightsOf("green"), { blue: 1, green: 2 }))[0]).toMatch(/^1 conn/);
  expect(lastingOf("place", reading(weightsOf("green"), { blue: 0, green: 2 }))).toEqual([]);
});

test("names the cookie while both colors have traffic, and nothing of a silent router", () => {
  const split = { blue: 90, green: 10 };
  expect(lastingOf("place", reading(split, { blue: 1, green: 1 }))).toEqual([
    expect.stringContaining("the cookie place keeps each client's place"),
  ]);
  expect(lastingOf(null, reading(split, { blue: 1, green: 1 }))).toEqual([]);
  expect(lastingOf("place", { weights: null, traffic: { kind: "unknown" } })).toEqual([]);
});
