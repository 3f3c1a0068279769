/** Contract of a platform on which nothing has been made yet. */

import { describe, expect, test } from "vitest";
import { weightsOf } from "../../../infra/model.ts";
import { platformOf } from "../../../infra/platforms/index.ts";
import type { MakeBed } from "./bed.ts";
import { sharedStage } from "./stages.ts";

export function emptyContract(name: string, make: MakeBed): void {
  describe("before anything exists", () => {
    const stage = sharedStage(make);

    test("is registered under its own name", () => {
      const { platform, settings } = stage().bed;
      expect(platform.name).toBe(name);
      expect(settings.platform).toBe(name);
      expect(platformOf(settings).name).toBe(name);
    });

    test("reads nothing as weights null with a reason, and never throws", async () => {
      const reading = await stage().read();
      expect(reading).toMatchObject({
        weights: null,
        generation: null,
        rolloutId: null,
        mark: null,
        former: null,
        attached: { blue: [], green: [] },
        targets: { blue: { ready: 0, total: 0 }, green: { ready: 0, total: 0 } },
        traffic: { kind: "unknown" },
      });
      expect(reading.problems).not.toEqual([]);
    });

    test("leaves no trace when it is read", async () => {
      const before = await stage().bed.traces();
      await stage().read();
      expect(await stage().bed.traces()).toEqual(before);
    });

    test("tells the public address before there is a router", () => {
      const { platform, settings } = stage().bed;
      expect(URL.canParse(platform.url(settings))).toBe(true);
      expect(platform.url(settings)).not.toMatch(/\/$/);
    });

    test("tells the size of a color as the settings have it", () => {
      const { platform, settings } = stage().bed;
      expect(platform.size(settings)).toBeGreaterThanOrEqual(1);
      expect(Number.isInteger(platform.size(settings))).toBe(true);
    });

    test("tells what a color costs: more instances never cost less", () => {
      const { platform, settings } = stage().bed;
      const [one, four] = [platform.cost(settings, 1), platform.cost(settings, 4)];
      for (const { currency, sentence } of [one, four]) {
        expect(currency).toMatch(/^[A-Z]{3}$/);
        expect(sentence).not.toBe("");
      }
      expect(one.perHour === null).toBe(four.perHour === null);
      expect(four.perHour ?? 0).toBeGreaterThanOrEqual(one.perHour ?? 0);
      expect(one.perHour ?? 0).toBeGreaterThanOrEqual(0);
    });

    test("names the resource types that a switch may touch", () => {
      expect(stage().bed.platform.flipTypes).not.toEqual([]);
    });

    test("refuses a direct flip with ROUTER_DOWN", async ({ skip }) => {
      const { bed } = stage();
      if (!bed.platform.flip)
        return skip("no `flip`: `rollback --direct` can't work on this platform");
      const stamp = { generation: 1, rolloutId: "r", mark: null, former: null };
      const routes = { weights: weightsOf("blue"), ...stamp };
      await expect(stage().flip(routes)).rejects.toMatchObject({ code: "ROUTER_DOWN" });
    });

    test("diagnoses what isn't there without throwing", async ({ skip }) => {
      const { platform } = stage().bed;
      if (!platform.diagnose)
        return skip("no `diagnose`: `doctor` has nothing to say of this platform");
      for (const { subject, sentence } of await platform.diagnose(stage().scope)) {
        expect(subject).not.toBe("");
        expect(sentence).not.toBe("");
      }
    });
  });
}
