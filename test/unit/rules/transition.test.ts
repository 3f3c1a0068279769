/** From one record to the next: what each request does, what it refuses, and that it only sets. */

import { describe, expect, test } from "vitest";
import type { RouterRecord } from "../../../infra/model.ts";
import type * as request from "../../../infra/rules/request.ts";
import type { Transition } from "../../../infra/rules/transition.ts";
import { seenServed } from "../../../infra/rules/traffic.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import type { Given } from "./views.ts";
import {
  bob,
  claimAsked,
  claimOf,
  inMinutes,
  now,
  outputsOf,
  pinOn,
  rollBackAsked,
  rolloutOf,
  viewOf,
} from "./views.ts";

type File = Parameters<typeof applyRequest>[2];

const silentFile: File = { declared: { activeColor: null, generation: null }, name: "file" };

function apply(given: Given, asked: request.Request, file: File = silentFile): Transition {
  return applyRequest(viewOf(given), asked, file);
}

function codeOf(given: Given, asked: request.Request): string {
  try {
    apply(given, asked);
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const provisioning = { claim: claimOf(), rollout: rolloutOf("provision") };
const checking = { claim: claimOf(), rollout: rolloutOf("check") };
const baking = {
  activeColor: "green",
  claim: claimOf(),
  rollout: rolloutOf("bake"),
  previousRelease: { color: "blue", release: outputsOf("blue", "1").release },
} as const;
const held = {
  ...baking,
  claim: null,
  rollout: rolloutOf("hold"),
  rollbackUntil: inMinutes(10),
} as const;

const attach: request.Attach = { kind: "Attach", rolloutId: "r-2", digest: "sha-2" };
const switchAsked: request.Switch = {
  kind: "Switch",
  rolloutId: "r-2",
  digest: "sha-2",
  start: null,
  holdUntil: null,
};
const shiftTo = (green: number): request.Shift => ({
  kind: "Shift",
  rolloutId: "r-2",
  digest: "sha-2",
  weights: { blue: 100 - green, green },
});
const baked = { verdict: "inconclusive", sentence: "too few requests" } as const;
const hold: request.Hold = {
  kind: "Hold",
  rolloutId: "r-2",
  baked,
  rollbackUntil: inMinutes(10),
};
const abort: request.Abort = { kind: "Abort", reason: "no", rolloutId: null, untouched: false };
const retire: request.Retire = { kind: "Retire", color: "blue", force: false };

describe("Keep", () => {
  test("changes nothing, and follows what the data plane has shown", () => {
    const given = { record: baking };
    expect(apply(given, { kind: "Keep" })).toEqual({
      record: viewOf(given).record,
      activation: null,
      notes: [],
    });
  });
});

describe("Attach", () => {
  test("makes the filled color known at weight 0, ready for its checks", () => {
    const { record, activation } = apply({ record: provisioning }, attach);
    expect(record.rollout).toEqual(rolloutOf("check", { since: now }));
    expect([record.weights, activation]).toEqual([{ blue: 100, green: 0 }, null]);
  });

  test("once more leaves the phase that was reached", () => {
    expect(apply({ record: baking }, attach).record).toEqual(viewOf({ record: baking }).record);
  });

  test.each<[string, Given, string]>([
    [
      "a color that another rollout filled",
      { colors: { green: outputsOf("green", "9") } },
      "RELEASE_CHANGED",
    ],
    ["an empty color", { colors: { green: null } }, "RELEASE_CHANGED"],
    ["a rollout that was ended", { record: { rollout: null } }, "CLAIMED"],
    [
      "a rollout whose place was taken",
      { record: { rollout: rolloutOf("check", { id: "r-3" }) } },
      "CLAIMED",
    ],
  ])("refuses %s", (_name, { record, colors }, code) => {
    const given = { record: { ...provisioning, ...record }, ...(colors ? { colors } : {}) };
    expect(codeOf(given, attach)).toBe(code);
  });
});

describe("Switch", () => {
  test("gives the checked color all traffic and remembers the counters and the former", () => {
    const { record, activation } = apply({ record: checking }, switchAsked);
    expect(record).toMatchObject({
      activeColor: "green",
      weights: { blue: 0, green: 100 },
      generation: 4,
      switchedAt: now,
      previousRelease: { color: "blue", release: { version: "1" } },
      rollbackUntil: null,
      rollout: { phase: "bake", since: now, baseline: { green: { requests: 100, errors: 1 } } },
    });
    expect(activation).toEqual({
      color: "green",
      expected: { rolloutId: "r-2", digest: "sha-2" },
      rollback: false,
    });
  });

  test.each([baking, held])("once more changes nothing", (record) => {
    const done = apply({ record }, switchAsked);
    expect(done).toMatchObject({ record: viewOf({ record }).record, activation: null });
  });

  test("without counters remembers none", () => {
    const given = { record: checking, reading: { traffic: { kind: "unknown" } } } as const;
    expect(apply(given, switchAsked).record.rollout?.baseline).toBeNull();
  });

  test("of an unchecked, an ended or another's rollout is refused", () => {
    expect(codeOf({ record: provisioning }, switchAsked)).toBe("NOT_CLAIMED");
    expect(codeOf({}, switchAsked)).toBe("CLAIMED");
  });

  test("to a color as it is claims, moves and holds in one update", () => {
    const start = claimAsked({ rolloutId: "r-3", rollout: "switch" });
    const asked = { ...switchAsked, rolloutId: "r-3", start, holdUntil: inMinutes(10) };
    const { record, activation } = apply({}, asked);
    expect(record).toMatchObject({
      activeColor: "green",
      generation: 4,
      claim: null,
      rollbackUntil: inMinutes(10),
      rollout: { id: "r-3", kind: "switch", phase: "hold" },
    });
    expect(activation?.expected).toEqual({ digest: "sha-2" });
  });

  test("to a color as it is waits for nobody else's claim", () => {
    const start = claimAsked({ rolloutId: "r-3", rollout: "switch", owner: bob });
    const asked = { ...switchAsked, rolloutId: "r-3", start };
    expect(codeOf({ record: checking }, asked)).toBe("CLAIMED");
  });
});

test("a flip counts from when it was seen served", () => {
  const { record } = apply({ record: checking }, switchAsked);
  const later = seenServed(record, inMinutes(2));
  expect(later).toEqual({
    ...record,
    switchedAt: inMinutes(2),
    rollout: { ...record.rollout, since: inMinutes(2) },
  });
});

test("a rollback's mark stays in the router for as long as its weights", () => {
  const mark = { generation: 3, at: now, by: "bob", reason: "orders fail", pin: null };
  const marked = (record: Partial<RouterRecord>, asked: request.Request) => {
    const given: Given = { record, reading: { mark } };
    return routesAfter(viewOf(given), apply(given, asked)).mark;
  };
  expect(marked({}, { kind: "Keep" })).toEqual(mark);
  expect(marked(provisioning, attach)).toEqual(mark);
  expect(marked(checking, switchAsked)).toBeNull();
  expect(marked(baking, rollBackAsked())).toMatchObject({ generation: 4 });
});

describe("Shift", () => {
  test("gives part of the traffic; the former color stays the active one", () => {
    const { record, activation } = apply({ record: checking }, shiftTo(10));
    expect(record).toMatchObject({
      activeColor: "blue",
      generation: 3,
      weights: { blue: 90, green: 10 },
      rollout: { phase: "shift" },
    });
    expect(activation?.color).toBe("green");
  });

  test("keeps others out for as long as its step lasts", () => {
    const { claim } = apply({ record: checking }, { ...shiftTo(10), until: inMinutes(90) }).record;
    expect(claim).toEqual({ ...checking.claim, until: inMinutes(90) });
    expect(apply({ record: checking }, shiftTo(10)).record.claim).toEqual(checking.claim);
  });

  test("counts each step from its own beginning", () => {
    const partly = { ...checking, rollout: rolloutOf("shift"), weights: { blue: 90, green: 10 } };
    const { rollout } = apply({ record: partly }, shiftTo(50)).record;
    const counted = { requests: 100, errors: 1 };
    expect(rollout).toMatchObject({ since: now, baseline: { blue: counted, green: counted } });
  });

  test("refuses, as a switch does, to go over a share that somebody has set since the last look", () => {
    const weights = { blue: 20, green: 80 };
    const drift = { kind: "interrupted", sentence: "cut short" } as const;
    const set = { record: { ...checking, rollout: rolloutOf("shift"), weights }, drift };
    expect(codeOf(set, shiftTo(50))).toBe("DRIFT");
    expect(codeOf(set, switchAsked)).toBe("DRIFT");
    expect(apply(set, shiftTo(80)).record.weights).toEqual(weights);
  });

  test("goes through the gate with a person's word, which stays for the switch", () => {
    const record = { ...checking, rollout: rolloutOf("gate", { gateUntil: inMinutes(60) }) };
    expect(codeOf({ record }, shiftTo(10))).toBe("GATE_WAITING");
    const permission = { by: "alice", at: now, reason: "tested" };
    const next = apply({ record }, { ...shiftTo(10), permission }).record;
    expect(next.rollout).toMatchObject({ phase: "shift", permission });
    expect(apply({ record: next }, switchAsked).record.rollout).toMatchObject({ permission });
  });

  test("after the switch never takes traffic back", () => {
    expect(apply({ record: baking }, shiftTo(10)).record).toEqual(
      viewOf({ record: baking }).record,
    );
    const partly = { ...baking, weights: { blue: 20, green: 80 } };
    expect(codeOf({ record: partly }, shiftTo(10))).toBe("ROLLOUT_OPEN");
  });

  test("of a first release has nobody to share with", () => {
    const record = { ...checking, rollout: rolloutOf("check", { former: null }) };
    expect(codeOf({ record }, shiftTo(10))).toBe("COLOR_EMPTY");
  });

  test.each([0, 100])("to %i percent is no shift", (share) => {
    expect(() => apply({ record: checking }, shiftTo(share))).toThrow(/shift to/);
  });
});

describe("Hold", () => {
  test("opens the rollback window and ends the claim", () => {
    const { record } = apply({ record: baking }, hold);
    expect(record).toMatchObject({ claim: null, rollbackUntil: inMinutes(10) });
    expect(record.rollout).toMatchObject({ phase: "hold", baked });
  });

  test("once more doesn't move the window's end", () => {
    const later = { ...hold, rollbackUntil: inMinutes(99) };
    expect(apply({ record: held }, later).record.rollbackUntil).toBe(inMinutes(10));
  });

  test("of a first release has no window", () => {
    const first = { ...baking, rollout: rolloutOf("bake", { former: null }) };
    expect(apply({ record: first }, hold).record.rollbackUntil).toBeNull();
  });

  test.each([provisioning, checking])("before the switch is refused", (record) => {
    expect(codeOf({ record }, hold)).toBe("ROLLOUT_OPEN");
  });
});

describe("RollBack", () => {
  test.each<[string, Partial<RouterRecord>]>([
    ["from a bake", baking],
    ["from a hold", held],
    ["after a by-hand flip", { ...baking, rollout: null, claim: null }],
    [
      "after an interrupted bake whose record has no former release",
      { ...baking, previousRelease: null },
    ],
  ])("%s returns all traffic and ends the rollout", (_name, record) => {
    const moved = apply({ record }, rollBackAsked());
    expect(moved.record).toMatchObject({
      activeColor: "blue",
      weights: { blue: 100, green: 0 },
      generation: 4,
      previousRelease: null,
      rollbackUntil: null,
      rollout: null,
      claim: null,
      pins: [],
    });
    expect(moved.activation).toEqual({ color: "blue", expected: {}, rollback: true });
    expect(routesAfter(viewOf({ record }), moved).mark).toMatchObject({
      generation: 4,
      reason: "orders fail",
    });
  });

  test("from a shift returns the part that had moved", () => {
    const record = {
      ...checking,
      weights: { blue: 90, green: 10 },
      rollout: rolloutOf("shift"),
    };
    const moved = apply({ record }, rollBackAsked());
    expect(moved.record).toMatchObject({ activeColor: "blue", weights: { blue: 100, green: 0 } });
    // Forth and back are two changes: each color has its own parity.
    expect(moved.record.generation).toBe(5);
    expect(moved.mark?.generation).toBe(5);
  });

  test("pins the release that it leaves, when that is to blame", () => {
    const { record } = apply({ record: baking }, rollBackAsked({ pin: true }));
    expect(record.pins).toEqual([
      pinOn("2", { reason: "orders fail", by: "bob", at: now, until: null }),
    ]);
  });

  test("that was made already isn't made again: it never goes back and forth", () => {
    const once = apply({ record: baking }, rollBackAsked()).record;
    expect(codeOf({ record: once }, rollBackAsked())).toBe("NOTHING_TO_ROLL_BACK");
    const given = { record: baking, drift: { kind: "direct", sentence: "went back" } } as const;
    expect(apply(given, rollBackAsked())).toMatchObject({
      record: viewOf(given).record,
      activation: null,
    });
  });

  test("of one rollout doesn't touch the one after it", () => {
    const record = { ...baking, rollout: rolloutOf("bake", { id: "r-3" }) };
    expect(codeOf({ record }, rollBackAsked({ rolloutId: "r-2" }))).toBe("CLAIMED");
    expect(codeOf({ record }, rollBackAsked({ rolloutId: "r-3" }))).toBe("none");
  });

  test.each([provisioning, checking])("never goes to a color that hasn't served yet", (record) => {
    expect(() => apply({ record }, rollBackAsked())).toThrow(
      expect.objectContaining({
        code: "NOTHING_TO_ROLL_BACK",
        message: "blue has all traffic; rollout r-2 has green for 2",
        hint: expect.stringContaining("bluegreen abort") as string,
      }),
    );
  });

  test("of a first release has nowhere to go", () => {
    const first = rolloutOf("bake", { former: null });
    const record = { ...baking, rollout: first, previousRelease: null };
    expect(codeOf({ record }, rollBackAsked())).toBe("NOTHING_TO_ROLL_BACK");
  });
});

describe("Abort", () => {
  test("ends the rollout; the claim stays as a mark without an owner", () => {
    const { record, activation } = apply({ record: checking }, abort);
    expect([record.rollout, record.claim, activation]).toEqual([
      null,
      claimOf({ owner: null }),
      null,
    ]);
    expect(record.weights).toEqual({ blue: 100, green: 0 });
    expect(apply({ record }, abort).record).toEqual(record);
  });

  test("of a switch leaves no mark, because nothing was filled", () => {
    const rollout = rolloutOf("check", { kind: "switch" });
    expect(apply({ record: { ...checking, rollout } }, abort).record.claim).toBeNull();
  });

  test.each([baking, held])("after the switch is refused", (record) => {
    expect(codeOf({ record }, abort)).toBe("ROLLOUT_OPEN");
  });

  test("after the switch of a first release names what is left to do", () => {
    const first = { ...baking, rollout: rolloutOf("bake", { former: null }) };
    const hint = (record: Partial<RouterRecord>): string | undefined => {
      try {
        return void apply({ record }, abort);
      } catch (error) {
        return (error as { hint?: string }).hint;
      }
    };
    expect(hint(baking)).toBe("return traffic with `bluegreen rollback`");
    expect(hint(first)).toContain("bluegreen down --stop-serving");
  });

  test("in a step of a shift says how much traffic has moved", () => {
    const weights = { blue: 90, green: 10 };
    const shifting = { ...checking, rollout: rolloutOf("shift"), weights };
    expect(() => apply({ record: shifting }, abort)).toThrow(/in its shift: green has 10 %/);
    expect(() => apply({ record: baking }, abort)).toThrow(/switched already: green has all/);
  });

  test("of a named rollout leaves another's alone", () => {
    expect(codeOf({ record: checking }, { ...abort, rolloutId: "r-9" })).toBe("CLAIMED");
  });
});

describe("Retire", () => {
  const over = { ...held, rollbackUntil: inMinutes(-1) };

  test("sets the latch and forgets the way back", () => {
    const { record } = apply({ record: over }, retire);
    expect(record).toMatchObject({ retiring: "blue", previousRelease: null, rollout: null });
    expect(apply({ record }, retire).record).toEqual(record);
  });

  test.each<[string, Partial<RouterRecord>, string, string]>([
    ["within the window", held, "WINDOW_OPEN", "none"],
    ["of the way back of a live bake", baking, "CLAIMED", "CLAIMED"],
    [
      "of the way back of an abandoned bake",
      { ...baking, claim: claimOf({ until: inMinutes(-1) }) },
      "ROLLOUT_OPEN",
      "none",
    ],
    ["of the active color", { activeColor: "blue" }, "COLOR_SERVES", "COLOR_SERVES"],
  ])("%s is refused, by force or not", (_name, record, code, forced) => {
    expect(codeOf({ record }, retire)).toBe(code);
    expect(codeOf({ record }, { ...retire, force: true })).toBe(forced);
  });

  test("of a claimed color waits for its rollout, and keeps a failed one for a look", () => {
    const green = { ...retire, color: "green" } as const;
    expect(codeOf({ record: checking }, green)).toBe("CLAIMED");
    expect(codeOf({ record: checking }, { ...green, force: true })).toBe("CLAIMED");
    const failed = { claim: claimOf({ owner: null }) };
    expect(codeOf({ record: failed }, green)).toBe("WINDOW_OPEN");
    expect(codeOf({ record: failed }, { ...green, force: true })).toBe("none");
  });

  test("of a half-filled color keeps the mark until it is empty", () => {
    const record = { claim: claimOf({ rolloutId: "r-3", owner: null, until: inMinutes(-1) }) };
    const next = apply({ record }, { ...retire, color: "green" }).record;
    expect([next.retiring, next.claim?.rolloutId]).toEqual(["green", "r-3"]);
    const retired = { kind: "Retired", color: "green" } as const;
    expect(codeOf({ record: next }, retired)).toBe("COLOR_BUSY");
    const { record: empty } = apply({ record: next, colors: { green: null } }, retired);
    expect([empty.retiring, empty.claim]).toEqual([null, null]);
  });

  test("that somebody else finished, and refilled since, is done", () => {
    const { record } = apply({ record: checking }, { kind: "Retired", color: "green" });
    expect(record).toEqual(viewOf({ record: checking }).record);
  });
});

describe("Deactivate", () => {
  test("stops all traffic as a change of the active color, once", () => {
    const { record } = apply({ record: held }, { kind: "Deactivate" });
    expect(record).toMatchObject({
      activeColor: null,
      weights: { blue: 0, green: 0 },
      generation: 4,
      rollout: null,
      rollbackUntil: null,
    });
    expect(apply({ record }, { kind: "Deactivate" }).record).toEqual(record);
  });
});

describe("Pin and Unpin", () => {
  const pin: request.PinRelease = {
    kind: "Pin",
    version: "2",
    digest: "sha-2",
    reason: "corrupts carts",
    by: "alice",
    until: inMinutes(60),
  };

  test("a release is pinned once, with the newest reason", () => {
    const first = apply({ record: { pins: [pinOn("2"), pinOn("1")] } }, pin).record;
    expect(first.pins.map(({ version, reason }) => [version, reason])).toEqual([
      ["1", "it fails"],
      ["2", "corrupts carts"],
    ]);
    expect(apply({ record: first }, pin).record.pins).toHaveLength(2);
  });

  test.each(["2", "sha-2"])("a pin is lifted by version or digest: %s", (release) => {
    const record = { pins: [pinOn("1"), pinOn("2")] };
    const next = apply({ record }, { kind: "Unpin", release }).record;
    expect(next.pins.map(({ version }) => version)).toEqual(["1"]);
  });

  test("lifting what isn't pinned changes nothing", () => {
    const record = { pins: [pinOn("1")] };
    const next = apply({ record }, { kind: "Unpin", release: "7" }).record;
    expect(next).toEqual(viewOf({ record }).record);
  });
});
