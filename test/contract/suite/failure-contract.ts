/** Contract of what goes wrong: `read` says it, errors carry codes, the active color is untouched. */

import { describe, expect, test } from "vitest";
import { byHand } from "../../../infra/model.ts";
import type { MakeBed } from "./bed.ts";
import { stageForTest } from "./stages.ts";

export function failureContract(make: MakeBed): void {
  describe("a color in trouble", () => {
    test("that never becomes healthy fails with PROVISION_FAILED and can be removed", async () => {
      const stage = await stageForTest(make);
      await stage.fill("blue", { version: "1" });
      await stage.route("blue");
      await expect(stage.bed.fill("green", { version: "sick-1" })).rejects.toMatchObject({
        code: "PROVISION_FAILED",
      });
      await stage.settled();
      expect(await stage.colorsMet()).toEqual(["blue"]);
      await stage.empty("green");
      expect(await stage.bed.leftovers("green")).toEqual([]);
    });

    test("that failed takes the next release", async () => {
      const stage = await stageForTest(make);
      await expect(stage.bed.fill("green", { version: "sick-1" })).rejects.toThrow();
      await stage.fill("green", { version: "2" });
      expect((await stage.read()).targets.green).toMatchObject({ ready: 1, total: 1 });
    });

    test("is read as not ready, with a reason, when its health fails", async () => {
      const stage = await stageForTest(make);
      const { size } = await stage.fill("blue", { version: "1" });
      await stage.bed.breakColor("blue", "unhealthy");
      const { targets } = await stage.readUntil("none is ready", (reading) => {
        return reading.targets.blue.ready === 0;
      });
      expect(targets.blue).toMatchObject({ ready: 0, total: size });
      expect(targets.blue.problems).not.toEqual([]);
    });

    test("is read as a crash loop when it ends again and again", async () => {
      const stage = await stageForTest(make);
      const { size } = await stage.fill("blue", { version: "1" });
      await stage.bed.breakColor("blue", "crash-loop");
      const { targets } = await stage.readUntil("a crash loop", (reading) => {
        return reading.targets.blue.crashLoop;
      });
      expect(targets.blue).toMatchObject({ ready: 0, total: size });
      expect(targets.blue.problems).not.toEqual([]);
    });

    test("is read as not ready where nobody answers at its address", async () => {
      const stage = await stageForTest(make);
      const { addresses } = await stage.fill("blue", { version: "1" });
      await stage.bed.empty("blue");
      const known = { schema: 1, color: "blue", rolloutId: byHand, given: true } as const;
      const release = { version: "1", digest: "given:1" };
      stage.hold("blue", { ...known, release, addresses, size: addresses.length, spec: null });
      const { ready, total, problems } = (await stage.read()).targets.blue;
      expect({ ready, total }).toEqual({ ready: 0, total: addresses.length });
      expect(problems).not.toEqual([]);
    });

    test("keeps `read` from throwing, whatever it is asked about", async () => {
      const stage = await stageForTest(make);
      const known = { schema: 1, color: "blue", rolloutId: byHand, given: false } as const;
      const release = { version: "1", digest: "sha256:0" };
      const lost = { ...known, release, addresses: ["127.0.0.1:9"], size: 1, spec: null };
      stage.hold("blue", lost);
      const reading = await stage.read();
      expect(reading.weights).toBeNull();
      expect(reading.targets.blue).toMatchObject({ ready: 0, total: 1 });
    });
  });
}
