/** The simulated world where hooks after the switch are slow: the new color is judged meanwhile. */

import { expect, test } from "vitest";
import type { Behaviour } from "../support/world/data-plane.ts";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import { World, times } from "../support/world/world.ts";

const stage = "POST_PRODUCTION_TRAFFIC_SHIFT";
const minute = 60_000;

/** Deploys 2 over 1, with hooks after the switch. */
async function deployed(second: Behaviour) {
  const world = new World({ "2": second });
  await world.run(deploy("1"));
  world.state.hooks = [stage, "POST_BAKE"];
  const task = await world.run(deploy("2"));
  const done = world.state.hooked.map((each) => each.stage);
  const verdicts = world.told.flatMap((event) => (event.kind === "Baked" ? [event.verdict] : []));
  expect(world.state.violations).toEqual([]);
  return { world, code: codeOf(task), done, verdicts: verdicts.slice(1) };
}

test("a release that breaks is left while its hook still runs, and the hook never ends", async () => {
  const startedAtMs = new World().state.nowMs;
  const { world, code, done, verdicts } = await deployed({
    breaksAfterMs: 5_000,
    hookTakes: { stage, ms: 55_000 },
  });
  expect([code, world.serving, done, verdicts]).toEqual(["ROLLED_BACK", "1", [], ["fail"]]);
  expect(world.record.pins).toMatchObject([{ version: "2" }]);
  expect(world.record.pins[0]?.reason).toMatch(/errors/);
  // Bake of the first, and the switch to the second with its way back.
  expect(world.state.nowMs - startedAtMs).toBeLessThan(times.bakeMs + minute);
});

test("a hook that outlasts the bake is watched to its end, with one verdict", async () => {
  const { world, code, done, verdicts } = await deployed({ hookTakes: { stage, ms: 50_000 } });
  expect([code, world.serving, verdicts]).toEqual(["finished", "2", ["pass"]]);
  expect(done).toEqual([stage, "POST_BAKE"]);
});

test("what breaks after the bake's time, while the hook runs, goes back", async () => {
  const { world, code, done, verdicts } = await deployed({
    breaksAfterMs: times.bakeMs + 10_000,
    hookTakes: { stage, ms: 55_000 },
  });
  expect([code, world.serving, done, verdicts]).toEqual(["ROLLED_BACK", "1", [], ["fail"]]);
});

test("a hook that refuses goes back though the bake is fine, and the hook is the reason", async () => {
  const { world, code, verdicts } = await deployed({ refusedAt: stage });
  expect([code, world.serving, verdicts]).toEqual(["ROLLED_BACK", "1", []]);
  expect(world.record.pins).toMatchObject([{ reason: `the hook of ${stage} refused` }]);
});

test("a hook that hangs has refused at its timeout", async () => {
  const { world, code, verdicts } = await deployed({ hookTakes: { stage, ms: Infinity } });
  expect([code, world.serving, verdicts]).toEqual(["ROLLED_BACK", "1", []]);
});
