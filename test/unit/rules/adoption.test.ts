/** The record in line with the data plane: where they differ, the data plane wins. */

import { describe, expect, test } from "vitest";
import type { RouterReading, RouterRecord } from "../../../infra/model.ts";
import { observe } from "../../../infra/observation.ts";
import { parseSettings } from "../../../infra/config.ts";
import { adopt } from "../../../infra/rules/adoption.ts";
import type { Adopted } from "../../../infra/rules/adoption.ts";
import { claimOf, now, nowMs, outputsOf, pinOn, readingOf, recordOf, rolloutOf } from "./views.ts";

const colors = { blue: outputsOf("blue", "1"), green: outputsOf("green", "2") };

function adopted(record: Partial<RouterRecord>, reading: Partial<RouterReading>): Adopted {
  const full = recordOf(record);
  return adopt({ record: full, reading: readingOf(full, colors, reading), colors, now });
}

const toGreen = { blue: 0, green: 100 };
const toBlue = { blue: 100, green: 0 };

describe("no drift", () => {
  test("where weights agree, the record stands", () => {
    expect(adopted({}, {})).toEqual({ record: recordOf(), drift: { kind: "none" } });
  });

  test("keeps the generation that the router has reached by updates that were never recorded", () => {
    const { record, drift } = adopted({}, { generation: 5 });
    expect([record, drift.kind]).toEqual([recordOf({ generation: 5 }), "none"]);
    const stopped = adopted({}, { weights: { blue: 0, green: 0 }, generation: 5 });
    expect(stopped.record.generation).toBe(5);
  });

  test("an inactive environment without a router has none", () => {
    const { drift } = adopted({ activeColor: null }, { weights: null });
    expect(drift).toEqual({ kind: "none" });
  });

  test("a mark that was taken over long ago says nothing", () => {
    const mark = { generation: 3, at: now, by: "bob", reason: "orders fail", pin: null };
    expect(adopted({}, { mark }).drift.kind).toBe("none");
  });
});

describe("a silent router", () => {
  test.each<[string, Partial<RouterReading>]>([
    ["can't be asked", { weights: null, problems: ["the router doesn't run"] }],
    ["has lost its state", { weights: { blue: 0, green: 0 } }],
  ])("that %s doesn't change the record", (_name, reading) => {
    const { record, drift } = adopted({}, reading);
    expect([record, drift.kind]).toEqual([recordOf(), "silent"]);
  });
});

describe("a cohort in the router", () => {
  const group = (value: string) => ({ kind: "header", name: "x-beta", value }) as const;
  const cohortsOf = (...values: string[]) => ({
    ...toBlue,
    cohorts: { color: "green" as const, groups: values.map(group) },
  });
  const shifting = { rollout: rolloutOf("shift"), weights: cohortsOf("yes") };

  test("as recorded is no drift", () => {
    const { drift } = adopted(shifting, { weights: cohortsOf("yes"), rolloutId: "r-2" });
    expect(drift).toEqual({ kind: "none" });
  });

  test("that the rollout brought and didn't record is its own, cut short", () => {
    const reading = { weights: cohortsOf("yes"), rolloutId: "r-2", generation: 3 };
    const { record, drift } = adopted({ rollout: rolloutOf("check") }, reading);
    expect(drift.kind).toBe("interrupted");
    expect(record).toMatchObject({ activeColor: "blue", weights: cohortsOf("yes"), generation: 3 });
    expect(record.rollout).toMatchObject({ phase: "shift", since: now });
  });

  test.each([
    ["is another one than the recorded", cohortsOf("no"), "r-2"],
    ["came from somebody else", cohortsOf("yes", "no"), "a stranger"],
  ])("that %s is somebody's drift, and named", (_name, weights, rolloutId) => {
    const { drift } = adopted(shifting, { weights, rolloutId });
    expect(drift.kind).toBe("foreign");
    expect(drift).toMatchObject({
      sentence: expect.stringContaining("header x-beta: no to green") as string,
    });
  });

  test("that ends with the rollout's own switch is no drift of anybody else", () => {
    const { drift } = adopted(shifting, { weights: toGreen, rolloutId: "r-2", generation: 4 });
    expect(drift.kind).toBe("interrupted");
  });

  test("that is gone with the stamp left is somebody's way back", () => {
    const { record } = adopted(shifting, { weights: toBlue, rolloutId: "r-2" });
    expect(record.weights).toEqual(toBlue);
  });
});

describe("an update of the rollout that was cut short", () => {
  test("after its switch goes on in the bake, with the generation that was written", () => {
    const reading = { weights: toGreen, rolloutId: "r-2", generation: 4 };
    const { record, drift } = adopted({ rollout: rolloutOf("check") }, reading);
    expect(drift.kind).toBe("interrupted");
    expect(record).toMatchObject({
      activeColor: "green",
      weights: toGreen,
      generation: 4,
      switchedAt: now,
      rollout: { phase: "bake", since: now },
    });
  });

  test("after a shift goes on in the shift; the former color stays the active one", () => {
    const weights = { blue: 40, green: 60 };
    const reading = { weights, rolloutId: "r-2", generation: 3 };
    const { record, drift } = adopted({ rollout: rolloutOf("check") }, reading);
    expect(drift.kind).toBe("interrupted");
    expect(record).toMatchObject({ activeColor: "blue", weights, generation: 3 });
    expect(record.rollout?.phase).toBe("shift");
  });

  test("from one step to the next counts anew, as the weights were others before", () => {
    const baseline = { blue: { requests: 1, errors: 1 }, green: { requests: 1, errors: 1 } };
    const rollout = rolloutOf("shift", { baseline });
    const reading = { weights: { blue: 50, green: 50 }, rolloutId: "r-2", generation: 3 };
    const weights = { blue: 90, green: 10 };
    const { record } = adopted({ rollout, weights }, reading);
    expect(record.rollout).toMatchObject({
      phase: "shift",
      since: now,
      baseline: { blue: { requests: 100 }, green: { requests: 100 } },
    });
  });

  test("of a first release makes it active", () => {
    const rollout = rolloutOf("check", { color: "blue", former: null });
    const reading = { weights: toBlue, rolloutId: "r-2", generation: 1 };
    const { record } = adopted({ activeColor: null, generation: 0, rollout }, reading);
    expect(record).toMatchObject({
      activeColor: "blue",
      generation: 1,
      rollout: { phase: "bake" },
    });
  });
});

describe("a switch that began its rollout with its flip, and was cut short before the record", () => {
  const reading = { weights: toGreen, rolloutId: "r-7", generation: 4 };

  test("goes on in the bake, as its record would have said", () => {
    const previous = rolloutOf("hold", { id: "r-1", color: "blue", former: "green" });
    const { record, drift } = adopted({ rollout: previous }, reading);
    expect(drift.kind).toBe("interrupted");
    expect(drift).toMatchObject({ sentence: expect.stringContaining("r-7 was cut") as string });
    expect(record).toMatchObject({ activeColor: "green", generation: 4, claim: null });
    expect(record.rollout).toMatchObject({
      id: "r-7",
      kind: "switch",
      phase: "bake",
      since: now,
      color: "green",
      former: "blue",
      version: "2",
      digest: "sha-2",
      baseline: { green: { requests: 100, errors: 1 } },
    });
  });

  test("by hand has no rollout to go on with, and isn't drift either", () => {
    const { record, drift } = adopted({}, { ...reading, rolloutId: `by-hand at ${now}` });
    expect([drift.kind, record.activeColor, record.rollout]).toEqual([
      "interrupted",
      "green",
      null,
    ]);
  });

  test.each<[string, Partial<RouterReading>]>([
    ["of the record's own generation", { generation: 3 }],
    ["that is further ahead than one update", { generation: 5 }],
    ["that names nobody", { rolloutId: null }],
  ])("isn't recognised by a stamp %s", (_name, stamp) => {
    expect(adopted({}, { ...reading, ...stamp }).drift.kind).toBe("foreign");
  });
});

describe("a rollback whose update was cut short, or that went past the engine", () => {
  const mark = { generation: 5, at: now, by: "bob", reason: "orders fail", pin: pinOn("2") };

  test("is taken over with its generation and pin, and ends the rollout", () => {
    const record = { activeColor: "green", rollout: rolloutOf("bake") } as const;
    const { record: next, drift } = adopted(record, { weights: toBlue, generation: 5, mark });
    expect(drift.kind).toBe("direct");
    expect(next).toMatchObject({
      activeColor: "blue",
      weights: toBlue,
      generation: 5,
      rollout: null,
      claim: null,
      previousRelease: null,
      rollbackUntil: null,
      pins: [pinOn("2")],
    });
  });

  test("without a release to blame pins nothing", () => {
    const { record } = adopted(
      { activeColor: "green" },
      { weights: toBlue, mark: { ...mark, pin: null } },
    );
    expect(record.pins).toEqual([]);
  });
});

describe("a switch that was set back at once", () => {
  const pin = pinOn("2", { by: "the proof of its switch" });
  const mark = {
    generation: 4,
    at: now,
    by: pin.by,
    reason: pin.reason,
    pin,
    setBack: true as const,
  };

  test("leaves its pin and its generation, and nothing else is new", () => {
    const record = { claim: claimOf(), rollout: rolloutOf("check") };
    const { record: next, drift } = adopted(record, { mark });
    expect(drift.kind).toBe("none");
    expect(next).toEqual(recordOf({ ...record, generation: 4, pins: [pin] }));
  });

  test("is known as that also by what a stranger did afterwards", () => {
    const { record, drift } = adopted({}, { mark, weights: toGreen });
    expect(drift.kind).toBe("foreign");
    expect(record).toMatchObject({ activeColor: "green", generation: 4, pins: [pin] });
  });

  test("pins nothing again once that was recorded and lifted", () => {
    expect(adopted({ generation: 4 }, { mark }).record.pins).toEqual([]);
  });
});

describe("a stranger who moved the router", () => {
  test("is followed, with a new generation, whatever the router still says of its writer", () => {
    const record = { activeColor: "green", rollout: rolloutOf("hold") } as const;
    const { record: next, drift } = adopted(record, { weights: toBlue, rolloutId: "r-2" });
    expect(drift.kind).toBe("foreign");
    expect(next).toMatchObject({ activeColor: "blue", generation: 4, rollout: null });
  });

  test("during a bake ends the rollout, not when only part of the traffic left", () => {
    const record = { activeColor: "green", rollout: rolloutOf("bake") } as const;
    expect(adopted(record, { weights: toBlue }).record.rollout).toBeNull();
    const partly = adopted(record, { weights: { blue: 30, green: 70 } });
    expect(partly.record).toMatchObject({ activeColor: "green", rollout: { phase: "bake" } });
    expect(partly.drift.kind).toBe("foreign");
  });

  test("before the switch leaves the rollout as far as it was", () => {
    const rollout = rolloutOf("provision", { color: "green" });
    const { record } = adopted({ rollout }, { weights: { blue: 50, green: 50 }, rolloutId: "x" });
    expect(record).toMatchObject({ activeColor: "blue", rollout: { phase: "shift" } });
  });

  test("never makes the generation fall", () => {
    const { record } = adopted({ generation: 9 }, { weights: toGreen, generation: 2 });
    expect(record.generation).toBe(10);
  });
});

test("a foreign move leaves a way back and a window, which an observation adds", async () => {
  const settings = parseSettings({
    environment: "dev",
    rollbackWindow: "10m",
    local: JSON.stringify({ command: ["application", "{port}"] }),
  });
  const stored = recordOf();
  const view = await observe({
    settings,
    platform: {
      read: ({ colors: read }) => Promise.resolve(readingOf(stored, read, { weights: toGreen })),
    },
    outputs: {
      router: { ...stored },
      colors: { blue: { ...colors.blue }, green: { ...colors.green } },
    },
    nowMs,
  });
  expect(view.stored).toEqual(stored);
  expect(view.record).toMatchObject({
    activeColor: "green",
    previousRelease: { color: "blue", release: colors.blue.release },
    rollbackUntil: new Date(nowMs + 600_000).toISOString(),
  });
});
