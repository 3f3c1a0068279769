/** Contract of a color: it is healthy when it is there, it grows, and it goes without a trace. */

import { describe, expect, test } from "vitest";
import { byHand } from "../../../infra/model.ts";
import type { MakeBed } from "./bed.ts";
import { underLoad } from "./load.ts";
import { stageForTest } from "./stages.ts";

export function colorContract(make: MakeBed): void {
  describe("a color", () => {
    test("has addresses once every instance is healthy, and each answers", async () => {
      const stage = await stageForTest(make);
      const { addresses, size } = await stage.fill("blue", { version: "1" });
      expect(addresses.length).toBeGreaterThan(0);
      const { targets } = await stage.read();
      expect(targets.blue).toEqual({
        ready: size,
        total: size,
        problems: [],
        crashLoop: false,
        reachable: true,
      });
      expect(targets.green).toMatchObject({ ready: 0, total: 0 });
      for (const address of addresses) {
        const reply = await stage.bed.askInstance(address);
        expect(reply).toMatchObject({ status: 200, body: "blue 1" });
      }
    });

    test("filled again with the same release stays as it is", async () => {
      const stage = await stageForTest(make);
      const first = await stage.fill("blue", { version: "1" });
      expect(await stage.fill("blue", { version: "1" })).toEqual(first);
    });

    test("that is idle takes another release while the active one serves", async () => {
      const stage = await stageForTest(make);
      await stage.fill("blue", { version: "1" });
      await stage.fill("green", { version: "2" });
      await stage.route("blue");
      await stage.settled();
      const { asked, failures } = await underLoad(stage, () =>
        stage.fill("green", { version: "3" }),
      );
      expect(failures).toEqual([]);
      expect(new Set(asked.map(({ reply }) => reply?.body))).toEqual(new Set(["blue 1"]));
      await stage.route("green");
      await stage.settled();
      expect(await stage.bed.ask()).toMatchObject({ status: 200, body: "green 3" });
    });

    test("grows without losing a request", async () => {
      const stage = await stageForTest(make);
      const { size } = await stage.fill("blue", { version: "1" });
      await stage.route("blue");
      await stage.settled();
      const { failures } = await underLoad(
        stage,
        async () => {
          await stage.fill("blue", { version: "1", size: size + 1 });
          await stage.route("blue");
        },
        stage.bed.traits.closesIdle === true ? "fresh" : "both",
      );
      expect(failures).toEqual([]);
      const { targets } = await stage.read();
      expect(targets.blue).toMatchObject({ ready: size + 1, total: size + 1 });
    });

    test("leaves no process and no address when it is removed", async () => {
      const stage = await stageForTest(make);
      const { addresses } = await stage.fill("blue", { version: "1" });
      expect(await stage.bed.leftovers("blue")).not.toEqual([]);
      await stage.empty("blue");
      expect(await stage.bed.leftovers("blue")).toEqual([]);
      for (const address of addresses) expect(await stage.bed.askInstance(address)).toBeNull();
      expect((await stage.read()).targets.blue).toMatchObject({ ready: 0, total: 0 });
    });

    test("that somebody else manages gets traffic by its addresses", async () => {
      const stage = await stageForTest(make);
      await stage.fill("blue", { version: "1" });
      const address = await stage.bed.give("9");
      const release = { version: "9", digest: "given:9" };
      const known = { schema: 1, color: "green", rolloutId: byHand, given: true } as const;
      stage.hold("green", { ...known, release, addresses: [address], size: 1, spec: null });
      await stage.route("green");
      const { targets, attached } = await stage.settled();
      expect(attached.green).toEqual([address]);
      expect(targets.green).toMatchObject({ ready: 1, total: 1 });
      expect(await stage.bed.ask()).toMatchObject({ status: 200, named: "green", body: "given 9" });
    });
  });
}
