/** Contract of `freeze`: what a release is, and that looking at it changes nothing. */

import { describe, expect, test } from "vitest";
import type { Settings } from "../../../infra/config.ts";
import type { MakeBed } from "./bed.ts";
import { sharedStage } from "./stages.ts";

export function releaseContract(make: MakeBed): void {
  describe("a release", () => {
    const stage = sharedStage(make);

    function freeze(settings: Settings = stage().bed.settings, version = "1") {
      return stage().bed.platform.freeze(settings, { version, store: false });
    }

    test("is frozen the same way each time, and carries its version", async () => {
      const [first, second] = [await freeze(), await freeze()];
      expect(second).toEqual(first);
      expect(first.release.version).toBe("1");
      expect(first.release.digest).toMatch(/^\w+:\w{16,}$/);
    });

    test("is another one by its version alone", async () => {
      const [one, two] = [await freeze(), await freeze(undefined, "2")];
      expect(two.release.digest).not.toBe(one.release.digest);
    });

    test("is another one by everything that it covers", async () => {
      const { changes } = stage().bed;
      const digests = [(await freeze()).release.digest];
      for (const settings of Object.values(changes)) {
        digests.push((await freeze(settings)).release.digest);
      }
      expect(digests.length).toBeGreaterThan(1);
      expect(new Set(digests).size, Object.keys(changes).join(", ")).toBe(digests.length);
    });

    test("writes nothing when it isn't to be stored, and is the same when it is", async () => {
      const { bed } = stage();
      const before = await bed.traces();
      const looked = await freeze();
      expect(await bed.traces()).toEqual(before);
      const stored = await bed.platform.freeze(bed.settings, { version: "1", store: true });
      expect(stored).toEqual(looked);
    });

    test("survives a stack's outputs: its inputs are plain data", async () => {
      const { spec } = await freeze();
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    });
  });
}
