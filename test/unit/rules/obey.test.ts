/** A plain update obeys the settings file, where that is a wish, and only once. */

import { describe, expect, test } from "vitest";
import type * as request from "../../../infra/rules/request.ts";
import type { Transition } from "../../../infra/rules/transition.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import type { Given } from "./views.ts";
import { claimOf, inMinutes, outputsOf, rollBackAsked, rolloutOf, viewOf } from "./views.ts";

type File = Parameters<typeof applyRequest>[2];

const silentFile: File = { declared: { activeColor: null, generation: null }, name: "file" };

function apply(given: Given, asked: request.Request, file: File = silentFile): Transition {
  return applyRequest(viewOf(given), asked, file);
}

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

describe("Obey", () => {
  const obey = { kind: "Obey" } as const;
  const wish = (activeColor: "blue" | "green", generation: number | null = null) => ({
    declared: { activeColor, generation },
    name: "file",
  });

  test("a wish moves all traffic, opens a window and is remembered", () => {
    const { record, activation } = apply({}, obey, wish("green"));
    expect(record).toMatchObject({
      activeColor: "green",
      declared: "green",
      generation: 4,
      rollbackUntil: inMinutes(10),
      previousRelease: { color: "blue" },
    });
    expect(activation).toEqual({ color: "green", expected: {}, rollback: false });
  });

  test("a wish that was obeyed isn't a wish any more: the next update moves nothing", () => {
    const once = apply({}, obey, wish("green")).record;
    const back = apply({ record: once }, rollBackAsked()).record;
    const { record, notes } = apply({ record: back }, obey, wish("green"));
    expect(record).toEqual(back);
    expect(notes).toHaveLength(1);
  });

  test("a file that says none changes nothing, and the update warns", () => {
    const none = { declared: { activeColor: "none", generation: null }, name: "file" } as const;
    const { record, activation, notes } = apply({ record: held }, obey, none);
    expect([record, activation]).toEqual([viewOf({ record: held }).record, null]);
    expect(notes).toEqual([expect.stringContaining("bluegreen down --stop-serving")]);
  });

  test("a file that follows a driver's switch is only remembered", () => {
    const { record, activation } = apply({ record: held }, obey, wish("green", 3));
    expect([record, activation]).toEqual([
      { ...viewOf({ record: held }).record, declared: "green" },
      null,
    ]);
  });

  test("a stale file is refused", () => {
    expect(() => apply({}, obey, wish("green", 1))).toThrow(
      expect.objectContaining({ code: "STALE_INTENT" }),
    );
  });

  test("a file that nobody touched since a former switch moves nothing, and the update warns", () => {
    const { record, activation, notes } = apply({}, obey, wish("green", 2));
    expect([record, activation]).toEqual([viewOf().record, null]);
    expect(notes).toEqual([expect.stringContaining("as the router did at generation 2")]);
  });

  test("a person can't overtake a rollout, but may end it by going back", () => {
    expect(() => apply({ record: checking }, obey, wish("green"))).toThrow(
      expect.objectContaining({ code: "CLAIMED" }),
    );
    const { record } = apply({ record: baking }, obey, wish("blue"));
    expect(record).toMatchObject({ activeColor: "blue", rollout: null, claim: { owner: null } });
  });

  const shifting = {
    weights: { blue: 90, green: 10 },
    claim: claimOf(),
    rollout: rolloutOf("shift"),
    declared: "green",
  } as const;

  test.each([null, 4])(
    "in a shift the active color, at generation %s, returns all",
    (generation) => {
      const { record, activation } = apply({ record: shifting }, obey, wish("blue", generation));
      expect(record).toMatchObject({
        activeColor: "blue",
        weights: { blue: 100, green: 0 },
        declared: "blue",
        generation: 5,
        rollout: null,
        previousRelease: null,
        rollbackUntil: null,
      });
      expect(activation).toEqual({ color: "blue", expected: {}, rollback: true });
    },
  );

  test.each([3, 2])("in a shift a file of generation %s leaves it, and the update warns", (own) => {
    const given = { record: shifting };
    const { record, activation, notes } = apply(given, obey, wish("blue", own));
    expect([record, activation]).toEqual([{ ...viewOf(given).record, declared: "blue" }, null]);
    expect(notes).toEqual([expect.stringMatching(/green keeps 10 % .+`bluegreen rollback`/)]);
  });

  describe("in a shift, where the active color was obeyed before,", () => {
    const given = { record: { ...shifting, declared: "blue" } } as const;

    test("a later generation says that it is meant anew: it returns all", () => {
      const { record, activation } = apply(given, obey, wish("blue", 4));
      expect(record).toMatchObject({ weights: { blue: 100, green: 0 }, rollout: null });
      expect(activation).toEqual({ color: "blue", expected: {}, rollback: true });
    });

    test.each([
      [null, /says blue, which was obeyed before: green keeps 10 % .+`bluegreen rollback`/],
      [3, /says blue, as since the last switch: green keeps 10 % .+`bluegreen rollback`/],
    ])("generation %s leaves the share, and the update warns", (own, said) => {
      const { record, activation, notes } = apply(given, obey, wish("blue", own));
      expect([record, activation]).toEqual([viewOf(given).record, null]);
      expect(notes).toEqual([expect.stringMatching(said)]);
    });
  });

  test("each by-hand flip is another writer, so that a second attempt is a change", () => {
    const view = viewOf();
    const moved = applyRequest(view, obey, wish("green"));
    const first = routesAfter(view, moved).rolloutId;
    const second = routesAfter({ ...view, nowMs: view.nowMs + 1 }, moved).rolloutId;
    expect(first).toMatch(/^by-hand/);
    expect(second).not.toBe(first);
  });
});
