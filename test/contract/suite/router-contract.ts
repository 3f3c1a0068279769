/** Contract of the router: it does what the routes say, completely, and tells what it does. */

import { describe, expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import type { RouterReading } from "../../../infra/model.ts";
import type { MakeBed } from "./bed.ts";
import { sharedStage, stageForTest } from "./stages.ts";

export function routerContract(make: MakeBed): void {
  describe("the router", () => {
    const stage = sharedStage(make, async (each) => {
      await each.fill("blue", { version: "1" });
      await each.fill("green", { version: "2" });
    });

    test("knows both colors before any of them gets traffic", async () => {
      await stage().route(null);
      const { weights, attached, problems } = await stage().settled();
      const { colors } = stage().scope;
      expect(weights).toEqual(weightsOf(null));
      expect(attached).toEqual({
        blue: colors.blue?.addresses,
        green: colors.green?.addresses,
      });
      expect(problems).toEqual([]);
    });

    test("answers as documented while no color is active", async () => {
      await stage().route(null);
      await stage().settled();
      const { inactiveStatus } = stage().bed.traits;
      const reply = await stage()
        .bed.ask()
        .catch(() => null);
      expect(reply?.status ?? null).toBe(inactiveStatus);
      expect(reply?.named ?? null).toBeNull();
    });

    test("reads back weights, generation and rollout as they were written", async () => {
      for (const active of ["blue", "green"] as const) {
        const routes = stage().next(active, { rolloutId: `by-${active}` });
        await stage().bed.route(routes);
        const { weights, generation, rolloutId, mark } = await stage().read();
        expect({ weights, mark }).toEqual({ weights: weightsOf(active), mark: null });
        expect([routes.generation, null]).toContain(generation);
        expect([routes.rolloutId, null]).toContain(rolloutId);
      }
    });

    test("set twice is as set once", async () => {
      const routes = stage().next("blue");
      const outputs = await stage().bed.route(routes);
      const once = withoutTraffic(await stage().read());
      expect(await stage().bed.route(routes)).toEqual(outputs);
      expect(withoutTraffic(await stage().read())).toEqual(once);
    });

    test("puts out the address that clients use", async () => {
      const { platform, settings } = stage().bed;
      const { url } = await stage().route("blue");
      expect(url).toBe(platform.url(settings));
      await stage().settled();
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      expect(await response.text()).toBe("blue 1");
    });

    test("names the color that answered", async () => {
      for (const active of ["green", "blue"] as const) {
        await stage().route(active);
        await stage().settled();
        const { named, body } = await stage().bed.ask();
        expect(body.startsWith(active)).toBe(true);
        expect(named).toBe(active);
      }
    });

    test("lets a preview reach the idle color, and only that request", async ({ skip }) => {
      if (!stage().bed.traits.preview) return skip("this platform has no preview by header");
      await stage().route("blue");
      await stage().settled();
      expect(await stage().bed.ask({ preview: "green" })).toMatchObject({ body: "green 2" });
      expect(await stage().bed.ask()).toMatchObject({ body: "blue 1" });
    });

    test("counts requests for the color that serves, or says that it can't", async ({ skip }) => {
      const { traffic } = await serveTwenty();
      expect(traffic.kind).toBe(stage().bed.traits.counts ? "counted" : "unknown");
      if (traffic.kind === "unknown") return skip("this platform doesn't count requests");
      const after = (await serveTwenty()).traffic;
      if (after.kind === "unknown") return expect.fail("it doesn't count any more");
      expect(after.colors.blue.requests - traffic.colors.blue.requests).toBe(20);
      expect(after.colors.green.requests).toBe(traffic.colors.green.requests);
      expect(after.colors.blue.errors).toBe(traffic.colors.blue.errors);
      expect(Date.parse(after.colors.blue.lastRequestAt ?? "")).not.toBeNaN();
    });

    test("measures the latency of each reply, or says that it doesn't", async ({ skip }) => {
      const before = (await serveTwenty()).traffic;
      const after = (await serveTwenty()).traffic;
      if (before.kind === "unknown" || after.kind === "unknown") {
        return skip("this platform doesn't count requests");
      }
      const [first, last] = [before.colors.blue.latency, after.colors.blue.latency];
      if (!first || !last) {
        expect([first, last]).toEqual([undefined, undefined]);
        return;
      }
      expect(last.counts).toHaveLength(last.boundsMs.length + 1);
      expect(last.boundsMs).toEqual(last.boundsMs.toSorted((a, b) => a - b));
      const replies = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
      expect(replies(last.counts) - replies(first.counts)).toBe(20);
    });

    test("refuses traffic for a color without addresses with COLOR_EMPTY", async () => {
      await stage().route("blue");
      const attached = { blue: stage().scope.colors.blue?.addresses ?? [], green: [] };
      await expect(stage().route("green", { attached })).rejects.toMatchObject({
        code: "COLOR_EMPTY",
      });
      expect((await stage().read()).weights).toEqual(weightsOf("blue"));
      expect(await stage().colorsMet()).toEqual(["blue"]);
    });

    async function serveTwenty(): Promise<RouterReading> {
      await stage().route("blue");
      await stage().settled();
      for (let each = 0; each < 20; each += 1) await stage().bed.ask();
      return stage().read();
    }
  });

  test("reads as nothing again once the router is removed", async () => {
    const stage = await stageForTest(make);
    await stage.fill("blue", { version: "1" });
    await stage.route(null);
    await stage.bed.removeRouter();
    expect((await stage.read()).weights).toBeNull();
    await expect(stage.bed.ask()).rejects.toThrow();
  });
}

function withoutTraffic(reading: RouterReading) {
  const { traffic, ...rest } = reading;
  return { ...rest, traffic: traffic.kind };
}
