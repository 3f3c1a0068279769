/** The former color in its hold: when it may shrink, what is remembered, and who may not flip. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { ColorOutputs, RouterRecord } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import { adopt } from "../../../infra/rules/adoption.ts";
import { guardActivation, guardRollback } from "../../../infra/rules/activation.ts";
import { guardColor, kept } from "../../../infra/rules/color.ts";
import { parseColorOutputs, parseRecord } from "../../../infra/rules/record.ts";
import type { ColorRequest, Request } from "../../../infra/rules/request.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import { dueShrink } from "../../../infra/rules/shrinking.ts";
import { heldAfter, warmOf } from "../../../infra/rules/warm.ts";
import {
  claimAsked,
  nowMs,
  outputsOf,
  readingOf,
  recordOf,
  rollBackAsked,
  rolloutOf,
  viewOf,
} from "./views.ts";

/** Green serves; blue has three instances. */
const holding = (warm?: number): Partial<RouterRecord> => ({
  activeColor: "green",
  rollout: rolloutOf("hold", { baked: { verdict: "pass", sentence: "well" }, warm }),
});
const addresses = ["127.0.0.1:1000", "127.0.0.1:1001", "127.0.0.1:1002"];
const blueOf = (more: Partial<ColorOutputs> = {}) =>
  outputsOf("blue", "1", { size: 3, addresses, ...more });
const green = outputsOf("green", "2", { size: 3 });
const shrunk = blueOf({ size: 1, held: { rolloutId: "r-2", full: 3 } });
const grown = blueOf({ held: { rolloutId: "r-2", full: 3 } });
const shrink = (size: number, rolloutId = "r-2"): ColorRequest => ({
  kind: "Shrink",
  rolloutId,
  size,
});

const viewWith = (blue: ColorOutputs, record = holding(1)) =>
  viewOf({ record, colors: { blue, green } });

describe("a shrink", () => {
  test("is due in the hold that asks for it, for its former color, once", () => {
    const record = recordOf(holding(1));
    expect(dueShrink(record, blueOf())).toBe(1);
    expect(dueShrink(record, green)).toBeNull();
    expect(dueShrink(record, shrunk)).toBeNull();
    expect(dueShrink(record, grown)).toBeNull();
    expect(dueShrink(recordOf(holding()), blueOf())).toBeNull();
    expect(dueShrink(recordOf({ ...holding(1), retiring: "blue" }), blueOf())).toBeNull();
  });

  function codeOf(blue: ColorOutputs, asked: ColorRequest, record: Partial<RouterRecord>): string {
    if (asked.kind !== "Shrink") throw new Error("not a shrink");
    const view = { color: "blue", environment: "dev", current: blue, nowMs } as const;
    try {
      guardColor({ ...view, record: recordOf(record) }, asked, kept(blue, asked));
      return "passes";
    } catch (error) {
      if (error instanceof BlueGreenError) return error.code;
      throw error;
    }
  }

  test.each([
    ["as the hold says", blueOf(), shrink(1), holding(1), "passes"],
    ["to more than the hold says", blueOf(), shrink(2), holding(1), "passes"],
    ["to less", blueOf(), shrink(1), holding(2), "NOT_CLAIMED"],
    ["under another rollout", blueOf(), shrink(1, "r-1"), holding(1), "NOT_CLAIMED"],
    ["in a hold that doesn't ask for it", blueOf(), shrink(1), holding(), "NOT_CLAIMED"],
    ["of a color that has grown again", grown, shrink(1), holding(1), "NOT_CLAIMED"],
    ["of what serves", blueOf(), shrink(1), { activeColor: "blue" }, "COLOR_SERVES"],
    ["of what goes", blueOf(), shrink(1), { ...holding(1), retiring: "blue" }, "COLOR_RETIRING"],
    ["that is done", shrunk, shrink(1), holding(1), "passes"],
  ] as const)("%s", (_name, blue, asked, record, code) => {
    expect(codeOf(blue, asked, record)).toBe(code);
  });

  test("never makes a color larger, and a growth never makes it smaller", () => {
    expect(kept(shrunk, { kind: "Shrink", rolloutId: "r-2", size: 2 }).size).toBe(1);
    expect(kept(blueOf(), { kind: "Keep", size: 2 }).size).toBe(3);
  });
});

describe("what a color's stack remembers", () => {
  const after = (current: ColorOutputs, asked: ColorRequest, size: number) =>
    heldAfter({ record: recordOf(holding(1)), current }, asked, { digest: "sha-1", size });

  test("is its size before it was shrunk", () => {
    expect(after(blueOf(), shrink(1), 1)).toEqual({ rolloutId: "r-2", full: 3 });
    expect(after(shrunk, shrink(1), 1)).toEqual({ rolloutId: "r-2", full: 3 });
  });

  test("is that it has grown in this hold, also where it was never shrunk", () => {
    expect(after(shrunk, { kind: "Keep", size: 4 }, 4)).toEqual({ rolloutId: "r-2", full: 4 });
    expect(after(blueOf(), { kind: "Keep", size: 3 }, 3)).toEqual({ rolloutId: "r-2", full: 3 });
  });

  test("stays when it is brought back, and goes with a new fill", () => {
    expect(after(shrunk, { kind: "Keep", size: null }, 1)).toEqual(shrunk.held);
    const fill = { kind: "Provision", rolloutId: "r-3", version: "1", size: 3 } as const;
    expect(after(shrunk, fill, 3)).toBeNull();
    const other = { digest: "sha-9", size: 3 };
    const record = recordOf();
    expect(heldAfter({ record, current: shrunk }, { kind: "Obey" }, other)).toBeNull();
  });

  test("survives its way through a stack's outputs; older ones have nothing of it", () => {
    expect(parseColorOutputs({ ...shrunk, readyInMs: 900 })).toMatchObject({
      held: { rolloutId: "r-2", full: 3 },
      readyInMs: 900,
    });
    const { held, readyInMs, ...old } = shrunk;
    expect([held?.full, readyInMs]).toEqual([3, null]);
    expect(parseColorOutputs(old)).toMatchObject({ held: null, readyInMs: null });
    expect(parseRecord({ ...recordOf(holding(1)) }).rollout?.warm).toBe(1);
    expect(parseRecord({ ...recordOf(holding()) }).rollout?.warm).toBeUndefined();
  });
});

describe("a color that is held warm", () => {
  test("is as large as the active one when it is full", () => {
    expect(warmOf(viewWith(shrunk), "blue")).toEqual({ size: 1, full: 3, shrinksTo: null });
    expect(warmOf(viewWith(grown), "blue")).toBeNull();
    expect(warmOf(viewWith(blueOf()), "blue")).toEqual({ size: 3, full: 3, shrinksTo: 1 });
    expect(warmOf(viewWith(blueOf(), holding()), "blue")).toBeNull();
  });

  test("isn't one that is smaller than the active one without having been shrunk", () => {
    const grownToTwo = blueOf({ size: 2, held: { rolloutId: "r-2", full: 2 } });
    for (const blue of [blueOf({ size: 2 }), grownToTwo]) {
      expect(warmOf(viewWith(blue, holding()), "blue")).toBeNull();
    }
  });

  test("that serves is as large as before it shrank when it is full", () => {
    expect(warmOf(viewWith(shrunk, { activeColor: "blue" }), "blue")).toMatchObject({ full: 3 });
  });

  test("gets no traffic on purpose before it has grown, and by a rollback as it is", () => {
    const ready = (size: number) => ({ ...viewWith(shrunk).reading.targets.blue, ready: size });
    for (const blue of [shrunk, blueOf()]) {
      const view = viewWith(blue);
      const targets = { ...view.reading.targets, blue: { ...ready(blue.size), total: blue.size } };
      const seen = { ...view, reading: { ...view.reading, targets } };
      expect(guardActivation(seen, "blue")).toMatchObject({
        kind: "refused",
        error: { code: "COLOR_SMALL", hint: expect.stringContaining("up --grow") as string },
      });
      expect(guardRollback(seen, "blue").kind).toBe("pass");
    }
  });
});

describe("a hold", () => {
  const baking = { ...holding(), rollout: rolloutOf("bake") };
  const held = (verdict: "pass" | "inconclusive", warm?: number) =>
    applyRequest(
      viewWith(blueOf(), baking),
      {
        kind: "Hold",
        rolloutId: "r-2",
        baked: { verdict, sentence: "so" },
        rollbackUntil: null,
        warm,
      },
      { declared: { activeColor: null, generation: null }, name: "file" },
    );

  test("lets the former color shrink only after a pass", () => {
    expect(held("pass", 1).record.rollout?.warm).toBe(1);
    expect(held("pass").record.rollout?.warm).toBeUndefined();
    expect(held("inconclusive", 1).record.rollout?.warm).toBeUndefined();
  });

  test("is only for who knows of it, for as long as there is something to know", () => {
    expect([held("pass", 1).record.schema, held("pass").record.schema]).toEqual([3, 1]);
    const file = { declared: { activeColor: null, generation: null }, name: "file" };
    const after = (record: Partial<RouterRecord>, asked: Request) =>
      applyRequest(viewWith(blueOf(), { ...record, schema: 3 }), asked, file).record;
    const back = after(holding(1), rollBackAsked());
    expect([back.rollout, back.schema]).toEqual([null, 3]);
    const claimed = after(holding(1), claimAsked({ color: "blue" }));
    expect(claimed).toMatchObject({ schema: 3, claim: { ends: { rollout: { warm: 1 } } } });
    expect(after(holding(), { kind: "Keep" }).schema).toBe(1);
  });

  test("detaches what is to go before it goes, and attaches all once it has grown", () => {
    const view = viewWith(blueOf(), baking);
    expect(routesAfter(view, held("pass", 1)).attached.blue).toEqual(addresses.slice(0, 1));
    const same = (blue: ColorOutputs) => {
      const seen = viewWith(blue);
      return routesAfter(seen, { record: seen.record, activation: null, notes: [] }).attached.blue;
    };
    expect(same(blueOf())).toEqual(addresses.slice(0, 1));
    expect(same(grown)).toEqual(addresses);
  });

  test("that has ended keeps its last flip off instances that may be going", () => {
    const view = viewWith(blueOf());
    const asked = {
      kind: "RollBack",
      reason: "so",
      by: "dev",
      rolloutId: null,
      pin: false,
    } as const;
    const file = { declared: { activeColor: null, generation: null }, name: "file" };
    const back = applyRequest(view, asked, file);
    expect(back.record.rollout).toBeNull();
    expect(routesAfter(view, back).attached.blue).toEqual(addresses.slice(0, 1));
    const left = { color: "blue", rolloutId: "r-2", filledBy: "r-1", size: 1 };
    expect(back.record.shrinking).toEqual(left);
    const stored = JSON.parse(JSON.stringify(back.record)) as Record<string, unknown>;
    expect(parseRecord(stored).shrinking).toEqual(left);
  });
});

describe("a shrink that a way back came before", () => {
  const shrinking = { color: "blue", rolloutId: "r-2", filledBy: "r-1", size: 1 } as const;
  const after = (blue: ColorOutputs | null, more: Partial<RouterRecord> = {}) => {
    const view = viewOf({ record: { shrinking, ...more }, colors: { blue, green } });
    const file = { declared: { activeColor: null, generation: null }, name: "file" };
    const kept = applyRequest(view, { kind: "Keep" }, file);
    return { left: kept.record.shrinking, blue: routesAfter(view, kept).attached.blue };
  };

  test("keeps the router off what may go in every later update, too", () => {
    expect(after(blueOf())).toEqual({ left: shrinking, blue: addresses.slice(0, 1) });
  });

  test.each([
    [
      "has shrunk",
      blueOf({ size: 1, addresses: addresses.slice(0, 1), held: shrunk.held ?? null }),
    ],
    ["has grown", grown],
    ["was filled anew", blueOf({ rolloutId: "r-7" })],
  ])("is over once the color's stack says that it %s", (_name, blue) => {
    expect(after(blue)).toEqual({ left: undefined, blue: blue.addresses });
  });

  test("isn't over where the color's stack can't be read, and is where the color is retired", () => {
    expect(after(null).left).toEqual(shrinking);
    expect(after(blueOf(), { activeColor: "green", retiring: "blue" }).left).toBeUndefined();
  });

  test("is kept when the record follows a direct rollback", () => {
    const record = recordOf(holding(1));
    const mark = { generation: 4, at: "2030-01-01T11:59:00Z", by: "bob", reason: "so", pin: null };
    const colors = { blue: blueOf(), green };
    const reading = readingOf(record, colors, { mark, weights: weightsOf("blue"), generation: 4 });
    const adopted = adopt({ record, reading, colors, now: "2030-01-01T12:00:00Z" });
    expect(adopted.record).toMatchObject({ rollout: null, shrinking });
  });

  test("counts as warm, so that the color grows, which its stack then remembers", () => {
    const view = viewOf({ record: { shrinking }, colors: { blue: blueOf(), green } });
    expect(warmOf(view, "blue")).toEqual({ size: 3, full: 3, shrinksTo: 1 });
    const grow = { kind: "Keep", size: 3 } as const;
    const current = blueOf();
    const next = { digest: "sha-1", size: 3 };
    expect(heldAfter({ record: view.record, current }, grow, next)).toEqual(grown.held);
  });

  test("permits no further one", () => {
    expect(dueShrink(recordOf({ shrinking, activeColor: "green" }), blueOf())).toBeNull();
    const asked = { kind: "Hold", rolloutId: "r-2", rollbackUntil: null, warm: 2 } as const;
    const baking = { activeColor: "green", rollout: rolloutOf("bake"), shrinking } as const;
    const view = viewWith(blueOf(), baking);
    const file = { declared: { activeColor: null, generation: null }, name: "file" };
    const baked = { verdict: "pass", sentence: "well" } as const;
    const { rollout } = applyRequest(view, { ...asked, baked }, file).record;
    expect(rollout?.warm).toBeUndefined();
  });
});
