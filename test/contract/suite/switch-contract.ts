/** Contract of the flip: all new traffic follows, nothing is lost, and a direct one is marked. */

import { describe, expect, test } from "vitest";
import { otherColor, weightsOf } from "../../../infra/model.ts";
import type { Color, DirectMark } from "../../../infra/model.ts";
import type { MakeBed } from "./bed.ts";
import { underLoad } from "./load.ts";
import { sharedStage } from "./stages.ts";
import type { Stage } from "./stage.ts";

const pin = {
  digest: "sha256:bad",
  version: "2",
  reason: "errors",
  by: "somebody",
  at: "2024-01-01T00:00:00.000Z",
  until: null,
};

export function switchContract(make: MakeBed): void {
  describe("a switch", () => {
    const stage = sharedStage(make, async (each) => {
      await each.fill("blue", { version: "1" });
      await each.fill("green", { version: "2" });
      await each.route("blue");
      await each.settled();
    });

    test("moves all new traffic and loses no request, there and back", async () => {
      for (const color of ["green", "blue"] as const) {
        const {
          result: servedAt,
          asked,
          failures,
        } = await underLoad(stage(), () => switchTo(stage(), color));
        expect(failures).toEqual([]);
        const later = asked.filter(({ startedAt }) => startedAt >= servedAt);
        expect(later.length).toBeGreaterThan(10);
        expect(new Set(later.map(({ reply }) => reply?.named))).toEqual(new Set([color]));
        expect(new Set(asked.map(({ reply }) => reply?.named))).toEqual(new Set(["blue", "green"]));
        expect((await stage().read()).weights).toEqual(weightsOf(color));
      }
    });

    test("by weights shares new requests between both colors", async () => {
      await stage().route("blue", { weights: { blue: 50, green: 50 } });
      const { weights } = await stage().settled();
      expect(weights).toEqual({ blue: 50, green: 50 });
      // Fifty-fifty, a color stays out of 80 requests once in 10^24 times.
      expect(await stage().colorsMet(80)).toEqual(["blue", "green"]);
    });

    test("past the engine moves traffic, keeps what is attached and leaves its mark", async (context) => {
      if (!stage().bed.platform.flip) return context.skip("no `flip` on this platform");
      await stage().route("green");
      const before = await stage().settled();
      for (const with_ of [pin, null]) {
        const mark = markOf(before.generation, with_);
        const weights = weightsOf("blue");
        const { generation } = mark;
        await stage().flip({ weights, generation, rolloutId: "back", mark, former: null });
        const after = await stage().settled();
        expect(after.mark).toEqual(mark);
        expect(after.weights).toEqual(weights);
        expect(after.attached).toEqual(before.attached);
        expect(["back", null]).toContain(after.rolloutId);
        expect(await stage().colorsMet()).toEqual(["blue"]);
      }
    });

    test("past the engine without a mark leaves none", async (context) => {
      if (!stage().bed.platform.flip) return context.skip("no `flip` on this platform");
      await stage().route("green");
      await stage().flip({
        weights: weightsOf("blue"),
        generation: 1_000,
        rolloutId: "back",
        mark: null,
        former: null,
      });
      const { mark, weights } = await stage().read();
      expect({ mark, weights }).toEqual({ mark: null, weights: weightsOf("blue") });
    });

    test("stores a mark with its routes, and the next routes clear it", async () => {
      const back = markOf(7, pin);
      for (const mark of [back, { ...back, setBack: true as const }]) {
        await stage().route("blue", { mark });
        expect((await stage().read()).mark).toEqual(mark);
      }
      await stage().route("blue");
      expect((await stage().read()).mark).toBeNull();
      expect(await stage().colorsMet()).toEqual(["blue"]);
    });

    test("stores with its routes where a direct way back leads, as does a direct flip", async (context) => {
      for (const former of ["blue", "green", null] as const) {
        await stage().route("green", { former });
        expect((await stage().read()).former).toBe(former);
      }
      if (!stage().bed.platform.flip) return context.skip("no `flip` on this platform");
      for (const former of ["green", null] as const) {
        const { generation } = stage().next("blue");
        const stamp = { generation, rolloutId: "back", mark: null, former };
        await stage().flip({ weights: weightsOf("blue"), ...stamp });
        expect((await stage().read()).former).toBe(former);
      }
    });

    test("tells afterwards where a direct way back leads, until it was gone", async (context) => {
      if (!stage().bed.platform.flip) return context.skip("no `flip` on this platform");
      await stage().route("blue");
      await stage().route("green", { former: "blue" });
      const { former, generation } = await stage().settled();
      if (former === null) return expect.fail("it doesn't tell");
      const mark = markOf(generation, null);
      const stamp = { generation: mark.generation, rolloutId: "back", mark };
      await stage().flip({ weights: weightsOf(former), ...stamp, former: null });
      const after = await stage().settled();
      expect([after.weights, after.former]).toEqual([weightsOf("blue"), null]);
      expect(await stage().colorsMet()).toEqual(["blue"]);
    });

    test("past the engine isn't undone by an update that looked before it", async (context) => {
      const { bed } = stage();
      if (!bed.traits.ordered) return context.skip("this router takes whatever comes last");
      await stage().route("green");
      const { generation } = await stage().settled();
      const late = stage().next("green");
      const mark = markOf((generation ?? 0) + 1, null);
      const weights = weightsOf("blue");
      const stamp = { generation: mark.generation, rolloutId: "back", mark };
      const back = { weights, ...stamp, former: null };
      await stage().flip(back);
      await expect(bed.route(late)).rejects.toMatchObject({
        code: "DRIFT",
        message: expect.stringContaining("somebody rolled back: errors") as string,
      });
      const { weights: served, mark: kept } = await stage().read();
      expect({ served, kept }).toEqual({ served: weights, kept: mark });
      const undo = { ...back, weights: weightsOf("green"), generation: 1, mark: null };
      await expect(stage().flip(undo)).rejects.toMatchObject({ code: "DRIFT" });
      await expect(stage().flip({ ...undo, replaces: 1 })).rejects.toMatchObject({ code: "DRIFT" });
      await stage().flip({ ...undo, replaces: mark.generation });
      expect((await stage().read()).weights).toEqual(weightsOf("green"));
    });

    test("after a direct flip, routes that say the same change nothing for traffic", async (context) => {
      if (!stage().bed.platform.flip) return context.skip("no `flip` on this platform");
      await stage().route("green");
      const { generation } = stage().next("blue");
      const mark = markOf(generation, null);
      const weights = weightsOf("blue");
      await stage().flip({ weights, generation, rolloutId: "b", mark, former: null });
      const { asked, failures } = await underLoad(stage(), () => stage().route("blue"));
      expect(failures).toEqual([]);
      expect(new Set(asked.map(({ reply }) => reply?.named))).toEqual(new Set(["blue"]));
      expect((await stage().read()).mark).toBeNull();
    });
  });
}

/** @returns when all new traffic is on the color, as the platform says */
async function switchTo(stage: Stage, color: Color): Promise<number> {
  expect((await stage.read()).weights).toEqual(weightsOf(otherColor(color)));
  await stage.route(color);
  await stage.settled();
  return performance.now();
}

function markOf(generation: number | null, pinned: DirectMark["pin"]): DirectMark {
  const at = "2024-01-01T00:00:01.000Z";
  return { generation: (generation ?? 0) + 1, at, by: "somebody", reason: "errors", pin: pinned };
}
