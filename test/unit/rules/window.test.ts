/** The rollback window of the color that is claimed: who may end it, and when it is given back. */

import { describe, expect, test } from "vitest";
import type { RouterRecord } from "../../../infra/model.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import { claimColor } from "../../../infra/rules/claim.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import { endedBy } from "../../../infra/rules/window.ts";
import type { Given } from "./views.ts";
import { claimAsked, claimOf, inMinutes, nowMs, outputsOf, rolloutOf, viewOf } from "./views.ts";

const previousRelease = { color: "green", release: outputsOf("green", "2").release } as const;
const rollbackUntil = inMinutes(5);
const window = { previousRelease, rollbackUntil };
const held = rolloutOf("hold", {
  color: "blue",
  former: "green",
  baked: { verdict: "inconclusive", sentence: "too few requests" },
});
/** Blue took over from green, which is kept. */
const kept: Given = { record: { ...window, rollout: held } };

const byHand = claimAsked({ rolloutId: byHandId(nowMs) });

describe("a person's claim while the window is open", () => {
  test("is refused and names what gives the window up", () => {
    expect(() => claimColor(viewOf(kept), byHand)).toThrow(
      expect.objectContaining({
        code: "WINDOW_OPEN",
        exitCode: 3,
        message: `green is kept with 2 until ${rollbackUntil}`,
        hint: expect.stringContaining("`bluegreen claim green --now`") as string,
      }),
    );
  });

  test("goes on when the window is given up", () => {
    const next = claimColor(viewOf(kept), { ...byHand, force: true });
    expect(next).toMatchObject({ previousRelease: null, rollbackUntil: null });
  });

  test.each<readonly [string, Partial<RouterRecord>]>([
    ["is over", { ...kept.record, rollbackUntil: inMinutes(-1) }],
    ["was never opened", { rollout: null }],
  ])("isn't refused when the window %s", (_name, record) => {
    expect(claimColor(viewOf({ record }), byHand).claim).toMatchObject({ color: "green" });
  });

  test("hears first of another's rollout", () => {
    const record = { ...window, claim: claimOf(), rollout: rolloutOf("provision") };
    expect(() => claimColor(viewOf({ record }), byHand)).toThrow(
      expect.objectContaining({ code: "CLAIMED" }),
    );
  });
});

describe("a rollout's claim", () => {
  test("keeps what it ends, also when the same rollout takes it over", () => {
    const next = claimColor(viewOf(kept), claimAsked());
    expect(next.claim).toEqual({
      ...claimOf({ rolloutId: "r-3" }),
      ends: { window, rollout: held },
    });
    const again = claimColor(viewOf({ record: next }), claimAsked({ until: inMinutes(60) }));
    expect(again.claim).toEqual({ ...next.claim, until: inMinutes(60) });
  });

  test("ends no way back where there is nothing to return to", () => {
    expect(claimColor(viewOf(), claimAsked()).claim?.ends).toEqual({ window: null, rollout: null });
    expect(endedBy(viewOf(kept), "blue")).toBeNull();
  });

  test("ends nothing on a color that was left half-filled: nobody may return to it", () => {
    const record = { ...window, claim: claimOf({ rolloutId: "r-8", owner: null }), rollout: null };
    expect(claimColor(viewOf({ record }), claimAsked()).claim).not.toHaveProperty("ends");
  });
});

describe("an abort", () => {
  const untouched = {
    kind: "Abort",
    reason: "no space left",
    rolloutId: "r-3",
    untouched: true,
  } as const;
  const claimed = (given: Given = kept) => claimColor(viewOf(given), claimAsked());
  const abort = (asked: Parameters<typeof applyRequest>[1], given: Given = {}) => {
    const view = viewOf({ record: claimed(), ...given });
    const file = { declared: { activeColor: null, generation: null }, name: "file" };
    const next = applyRequest(view, asked, file);
    return { ...next.record, routes: routesAfter(view, next) };
  };

  test("of an untouched claim gives the window back, to a direct rollback as well", () => {
    expect(abort(untouched)).toMatchObject({
      ...window,
      rollout: held,
      claim: null,
      routes: { former: "green", attached: { green: outputsOf("green", "2").addresses } },
    });
  });

  test("gives back the way, but no window that is over by now", () => {
    const short = claimed({ record: { ...kept.record, rollbackUntil: inMinutes(-1) } });
    expect(abort(untouched, { record: short })).toMatchObject({
      previousRelease,
      rollbackUntil: null,
    });
  });

  const gone = { previousRelease: null, rollbackUntil: null, claim: { owner: null } };

  test.each<readonly [string, Parameters<typeof applyRequest>[1], Given]>([
    ["when the color may have been touched", { ...untouched, untouched: false }, {}],
    ["to another release", untouched, { colors: { green: outputsOf("green", "3") } }],
    ["to an empty color", untouched, { colors: { green: null } }],
  ])("gives nothing back %s", (_name, asked, given) => {
    expect(abort(asked, given)).toMatchObject({ ...gone, routes: { former: null } });
  });

  test("of an untouched claim on a color without a way back leaves no mark on it", () => {
    const first = { ...held, former: null };
    const record = claimed({ record: { rollout: first } });
    expect(abort(untouched, { record })).toMatchObject({
      previousRelease: null,
      rollout: first,
      claim: null,
    });
  });

  test("gives no rollout back once its color has lost its traffic", () => {
    const record = { ...claimed(), activeColor: "green" as const };
    const given = { record: { ...record, weights: { blue: 100, green: 0 } } };
    expect(abort(untouched, given)).toMatchObject({ rollout: null, claim: null });
  });

  test("of a claim from before it kept what it ended gives nothing back", () => {
    const record = {
      claim: claimOf({ rolloutId: "r-3" }),
      rollout: rolloutOf("provision", { id: "r-3" }),
    };
    expect(abort(untouched, { record })).toMatchObject(gone);
  });
});
