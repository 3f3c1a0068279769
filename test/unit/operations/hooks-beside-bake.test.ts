/** Hooks that run while the new color is judged: which of them ends the other, and what is known. */

import { expect, test } from "vitest";
import { runHooks } from "../../../automation/hooks-beside-bake.ts";
import { slept } from "../../../infra/clock.ts";
import type { Event } from "../../../automation/event.ts";
import type { Hooks } from "../../../automation/ports.ts";
import type { RunHooks } from "../../../automation/rollout/action.ts";
import type { HooksEnd } from "../../../automation/rollout/hooks-end.ts";
import { baking, counted } from "./baking.ts";

const due: RunHooks = {
  kind: "RunHooks",
  stage: "POST_PRODUCTION_TRAFFIC_SHIFT",
  subject: {
    id: "r-1",
    color: "green",
    former: "blue",
    version: "2",
    digest: null,
    phase: "bake",
  },
  sinceMs: 0,
};
const done: HooksEnd = { kind: "done" };
const refused: HooksEnd = { kind: "refused", sentence: "it said no" };

/** A bake of 30 s with a hook beside it that takes its time. */
function beside(takesMs: number, end: HooksEnd, change: Parameters<typeof baking>[0] = {}) {
  const scene = baking(change);
  const { clock, bake, view } = scene;
  const told: Event[] = [];
  const seen: { stoppedAtMs: number | null; ended: unknown } = { stoppedAtMs: null, ended: null };
  const hooks: Hooks = {
    run: async (_view, _due, stop = new AbortController().signal) => {
      if (await slept(clock, takesMs, stop)) return end;
      seen.stoppedAtMs = clock.now();
      return { kind: "interrupted" };
    },
  };
  const ports = { hooks, bake, on: (event: Event) => void told.push(event) };
  const run = async (): Promise<void> => {
    seen.ended = await runHooks(ports, view, due).catch((error: unknown) => error);
  };
  void run();
  return { ...scene, seen, told };
}

test("a bake that fails stops the hook at once, and is told", async () => {
  const { world, clock, seen, told } = beside(600_000, done);
  await clock.advance(1_000);
  world.green = counted(160, 33);
  await clock.advance(1_500);
  expect(seen).toMatchObject({
    stoppedAtMs: 2_000,
    ended: { end: { kind: "interrupted" }, baked: { verdict: "fail" } },
  });
  expect(told).toMatchObject([{ kind: "Baked", verdict: "fail", color: "green" }]);
});

test("a hook that refuses ends the watch at once, and nothing is said of the bake", async () => {
  const { world, clock, seen, told, events } = beside(3_000, refused);
  world.green = counted(1_100, 3);
  await clock.advance(3_000);
  expect(seen.ended).toEqual({ end: refused, baked: null });
  const looks = events.filter(({ kind }) => kind === "Judged").length;
  await clock.advance(60_000);
  expect(events.filter(({ kind }) => kind === "Judged")).toHaveLength(looks);
  expect(told).toEqual([]);
});

test("a hook shorter than the bake leaves it the rest of its time", async () => {
  const { world, clock, seen } = beside(5_000, done);
  world.green = counted(1_100, 3);
  await clock.advance(29_900);
  expect(seen.ended).toBeNull();
  await clock.advance(200);
  expect(seen.ended).toMatchObject({ end: done, baked: { verdict: "pass" } });
});

test("a hook longer than the bake is watched until it ends, and not longer", async () => {
  const { world, clock, seen, events } = beside(71_500, done);
  world.green = counted(1_100, 3);
  await clock.advance(71_400);
  expect(seen.ended).toBeNull();
  await clock.advance(200);
  expect(seen.ended).toMatchObject({ end: done, baked: { verdict: "pass" } });
  const last = events.findLast((event) => event.kind === "Judged");
  expect(last).toMatchObject({ atMs: 71_500 });
});

test("what breaks after the end of the bake is found while the hook still runs", async () => {
  const { world, clock, seen } = beside(600_000, done);
  world.green = counted(1_100, 3);
  await clock.advance(60_000);
  world.green = counted(1_400, 303);
  await clock.advance(2_500);
  expect(seen).toMatchObject({ ended: { baked: { verdict: "fail" } } });
  expect(seen.stoppedAtMs).toBeLessThan(63_000);
});

test("a verdict that leaves traffic where it is lets the hook run to its end", async () => {
  const { clock, seen } = beside(60_000, done, { active: "blue" });
  await clock.advance(59_000);
  expect(seen).toEqual({ stoppedAtMs: null, ended: null });
  await clock.advance(2_000);
  expect(seen.ended).toMatchObject({ end: done, baked: { verdict: "inconclusive" } });
});

test("a router that is gone for good ends the hook, and is what the run fails with", async () => {
  const { clock, seen } = beside(600_000, done, { answers: false });
  await clock.advance(10_000);
  expect(seen.ended).toMatchObject({ code: "ROUTER_DOWN" });
  expect(seen.stoppedAtMs).toBeLessThan(10_000);
});

test("a hook that a person stops, or that hears of the rollout's end, ends the watch", async () => {
  for (const kind of ["interrupted", "ended"] as const) {
    const { clock, seen, told } = beside(3_000, { kind });
    await clock.advance(3_000);
    expect([seen.ended, told]).toEqual([{ end: { kind }, baked: null }, []]);
  }
});
