/** What may happen to a color's stack. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { ColorView, Wanted } from "../../../infra/rules/color.ts";
import { filled, guardColor } from "../../../infra/rules/color.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import type { ColorOutputs, RouterRecord } from "../../../infra/model.ts";
import type { ColorRequest } from "../../../infra/rules/request.ts";
import { claimOf, inMinutes, nowMs, outputsOf, pinOn, recordOf, rolloutOf } from "./views.ts";

const obey: ColorRequest = { kind: "Obey" };
const empty: ColorRequest = { kind: "Empty" };
const keep = (size: number | null): ColorRequest => ({ kind: "Keep", size });
const provision = (rolloutId: string): ColorRequest => ({
  kind: "Provision",
  rolloutId,
  version: "3",
  size: null,
});

const release = (version: string, size = 2): Wanted => ({
  release: { version, digest: `sha-${version}` },
  size,
});

interface Case {
  readonly record?: Partial<RouterRecord>;
  readonly current?: ColorOutputs | null;
  readonly color?: "blue" | "green";
}

function codeOf(given: Case, asked: ColorRequest, wanted: Wanted | null): string {
  return refusalOf(given, asked, wanted)?.code ?? "passes";
}

function refusalOf(given: Case, asked: ColorRequest, wanted: Wanted | null): BlueGreenError | null {
  const { color = "green", current = outputsOf(color, "2") } = given;
  const record = recordOf(given.record);
  const view: ColorView = { color, environment: "dev", record, current, nowMs };
  try {
    guardColor(view, asked, wanted);
    return null;
  } catch (error) {
    if (error instanceof BlueGreenError) return error;
    throw error;
  }
}

describe("a color with traffic", () => {
  const serving: Case = { color: "blue" };
  const half: Case = { record: { weights: { blue: 90, green: 10 } } };

  test.each<[string, ColorRequest, Wanted | null, string]>([
    ["stays as it is", keep(null), release("2"), "passes"],
    ["grows", keep(5), release("2", 5), "passes"],
    ["grows by hand", obey, release("2", 3), "passes"],
    ["never shrinks", keep(1), release("2", 1), "COLOR_SERVES"],
    ["never gets another release by hand", obey, release("3"), "COLOR_SERVES"],
    ["never gets another release by a rollout", provision("r-2"), release("3"), "COLOR_SERVES"],
    ["is never emptied", empty, null, "COLOR_SERVES"],
    ["is never destroyed by a plain update", obey, null, "COLOR_SERVES"],
  ])("%s", (_name, asked, wanted, code) => {
    expect(codeOf(serving, asked, wanted)).toBe(code);
    expect(codeOf(half, asked, wanted)).toBe(code);
  });

  test("keeps that also when a claim or the latch names it", () => {
    const record = {
      retiring: "blue",
      claim: claimOf({ color: "blue", rolloutId: "r-2" }),
      rollout: rolloutOf("provision", { color: "blue" }),
    } as const;
    expect(codeOf({ ...serving, record }, provision("r-2"), release("3"))).toBe("COLOR_SERVES");
    expect(codeOf({ ...serving, record }, empty, null)).toBe("COLOR_SERVES");
  });

  test("isn't replaced where its stack says nothing", () => {
    expect(codeOf({ ...serving, current: null }, obey, release("2"))).toBe("COLOR_SERVES");
  });
});

describe("an idle color", () => {
  const claimed = (rollout = rolloutOf("provision")): Case => ({
    record: { claim: claimOf({ rolloutId: rollout.id }), rollout },
  });

  const hand = byHandId(nowMs);
  const claimedByHand = claimed(rolloutOf("provision", { id: hand }));
  const viewOfGreen = {
    color: "green",
    environment: "dev",
    current: outputsOf("green", "2"),
    nowMs,
  } as const;

  test("is filled by the rollout that claimed it", () => {
    expect(codeOf(claimed(), provision("r-2"), release("3"))).toBe("passes");
    expect(codeOf({ ...claimed(), current: null }, provision("r-2"), release("3"))).toBe("passes");
  });

  test("is filled by hand under a by-hand claim", () => {
    expect(codeOf(claimedByHand, obey, release("3"))).toBe("passes");
  });

  test("is filled by hand once under each claim: it may be getting traffic then", () => {
    const current = outputsOf("green", "2", { rolloutId: hand });
    const again = { ...claimedByHand, current };
    expect(codeOf(again, obey, release("3"))).toBe("NOT_CLAIMED");
    expect(codeOf(again, obey, release("2", 4))).toBe("passes");
    const next = claimed(rolloutOf("provision", { id: byHandId(nowMs + 1) }));
    expect(codeOf({ ...next, current }, obey, release("3"))).toBe("passes");
  });

  test.each(["2", "3"])("takes the id of a person's claim with release %s", (version) => {
    const view: ColorView = { ...viewOfGreen, record: recordOf(claimedByHand.record) };
    const next = { release: release(version).release, configured: 2 };
    expect(filled(view, obey, next).rolloutId).toBe(hand);
  });

  test("keeps its id without a claim of its own, and under a rollout's claim", () => {
    const next = { release: release("2").release, configured: 2 };
    for (const record of [{}, claimed(rolloutOf("provision", { id: "r-3" })).record]) {
      const view: ColorView = { ...viewOfGreen, record: recordOf(record) };
      expect(filled(view, obey, next).rolloutId).toBe("r-2");
    }
  });

  test.each<[string, Case, ColorRequest]>([
    ["without a claim", {}, obey],
    ["by hand under a rollout's claim", claimed(), obey],
    ["by another rollout", claimed(), provision("r-3")],
    ["by a rollout that has filled it", claimed(rolloutOf("check")), provision("r-2")],
    [
      "by a rollout of the other color",
      claimed(rolloutOf("provision", { color: "blue" })),
      provision("r-2"),
    ],
    ["by a rollout that was ended", { record: { claim: claimOf() } }, provision("r-2")],
  ])("isn't filled %s", (_name, given, asked) => {
    expect(codeOf(given, asked, release("3"))).toBe("NOT_CLAIMED");
  });

  test("isn't filled with a pinned release, until the pin ends", () => {
    const { record } = claimed();
    const pinned = (until: string | null): Case => ({
      record: { ...record, pins: [pinOn("3", { until })] },
    });
    expect(codeOf(pinned(null), provision("r-2"), release("3"))).toBe("RELEASE_PINNED");
    expect(codeOf(pinned(inMinutes(1)), provision("r-2"), release("3"))).toBe("RELEASE_PINNED");
    expect(codeOf(pinned(inMinutes(-1)), provision("r-2"), release("3"))).toBe("passes");
  });

  test("says who can't fill it under a rollout's claim: that rollout, or a person", () => {
    const checked = claimed(rolloutOf("check"));
    const why = (asked: ColorRequest) => refusalOf(checked, asked, release("3"))?.message;
    const phase = "rollout r-2 is in its check";
    expect(why(provision("r-3"))).toBe(`green can't be filled by r-3: ${phase}`);
    expect(why(obey)).toBe(`green can't be filled by a person: ${phase}`);
  });

  test("stays or grows without a claim, and comes back after a reboot", () => {
    expect(codeOf({}, keep(null), release("2"))).toBe("passes");
    expect(codeOf({}, obey, release("2", 4))).toBe("passes");
  });

  test("shrinks under a claim only", () => {
    expect(codeOf({}, keep(1), release("2", 1))).toBe("NOT_CLAIMED");
  });
});

describe("a retiring color", () => {
  const record = { retiring: "green" } as const;

  test("is emptied, or brought back as it is, but never filled", () => {
    expect(codeOf({ record }, empty, null)).toBe("passes");
    expect(codeOf({ record }, keep(null), release("2"))).toBe("passes");
    expect(codeOf({ record }, provision("r-2"), release("3"))).toBe("COLOR_RETIRING");
    expect(codeOf({ record }, obey, release("3"))).toBe("COLOR_RETIRING");
  });

  test("is the only one that is emptied; what is empty already may be emptied again", () => {
    expect(codeOf({}, empty, null)).toBe("NOT_CLAIMED");
    expect(codeOf({ current: null }, empty, null)).toBe("passes");
  });
});
