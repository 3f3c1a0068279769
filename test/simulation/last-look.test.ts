/** The simulated world where a release fails in its hold: its way back isn't retired under it. */

import { describe, expect, test } from "vitest";
import type { Behaviours } from "../support/world/data-plane.ts";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Command } from "../support/world/world.ts";
import { World, times } from "../support/world/world.ts";

const retire: Command = { run: "retire", now: false };
const retireNow: Command = { run: "retire", now: true };
const hooks = ["PRE_CLEAN_UP", "POST_CLEAN_UP"] as const;

/** In the hold of 2, whose bake has passed; the window of 1 is over. */
async function afterHold(behaviours: Behaviours = {}, requestsPerSecond?: number) {
  const world = new World(behaviours);
  for (const version of ["1", "2"]) {
    expect(codeOf(await world.run(deploy(version)))).toBe("finished");
  }
  world.pass(times.windowMs);
  world.state.hooks = hooks;
  if (requestsPerSecond !== undefined) world.state.requestsPerSecond = requestsPerSecond;
  return world;
}

const breaksLate: Behaviours = { "2": { breaksAfterMs: times.bakeMs + 60_000 } };
const crashesLate: Behaviours = { "2": { crashesAfterMs: times.bakeMs + 60_000 } };

function verdicts({ told }: World): readonly string[] {
  return told.flatMap((event) => (event.kind === "JudgedAgain" ? [event.verdict] : []));
}

describe("a retirement under a release that began to fail in its hold", () => {
  test.each<readonly [string, Behaviours, Command]>([
    ["with errors", breaksLate, retire],
    ["with errors, and is to go at once", breaksLate, retireNow],
    ["with crashes", crashesLate, retire],
  ])("is refused before its hooks: %s", async (_name, behaviours, command) => {
    const world = await afterHold(behaviours);
    expect(codeOf(await world.run(command))).toBe("ACTIVE_FAILING");
    expect([world.serving, world.state.fills.blue?.release.version]).toEqual(["2", "1"]);
    expect([world.record.retiring, world.state.hooked, verdicts(world)]).toEqual([
      null,
      [],
      ["fail"],
    ]);
    expect(world.state.violations).toEqual([]);
  });

  test("leaves a way back that works; then what failed may go, and nobody asks again", async () => {
    const world = await afterHold(breaksLate);
    await world.run(retire);
    expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
    expect(world.serving).toBe("1");
    expect(codeOf(await world.run(retireNow))).toBe("finished");
    expect([world.serving, world.state.fills.green]).toEqual(["1", null]);
    expect([verdicts(world), world.state.violations]).toEqual([["fail"], []]);
  });

  test("is done all the same by a person who says why, and isn't judged", async () => {
    const world = await afterHold(breaksLate);
    const command: Command = { ...retire, overrideFailing: "a load test" };
    expect(codeOf(await world.run(command))).toBe("finished");
    expect([world.state.fills.blue, verdicts(world)]).toEqual([null, []]);
    expect(world.state.hooked.map(({ stage }) => stage)).toEqual(hooks);
    expect(world.state.violations).toEqual([]);
  });

  test("goes on where it was killed after it had begun: there is no way back any more", async () => {
    const world = await afterHold({
      "2": { breaksAfterMs: times.bakeMs + times.windowMs + 30_000 },
    });
    await world.runUntilKilled(retire, "has saved routes for Retire");
    await world.run({ run: "unlock" });
    world.pass(60_000);
    expect(codeOf(await world.run(retire))).toBe("finished");
    expect([world.state.fills.blue, world.state.violations]).toEqual([null, []]);
  });
});

describe("a retirement under a release that is well", () => {
  test.each<readonly [string, number, string, number]>([
    ["and busy takes one more reading", 100, "pass", 11_000],
    ["and nobody uses takes one more reading, too", 0, "inconclusive", 11_000],
    ["with too few users to know lasts a little longer", 0.5, "inconclusive", 21_000],
  ])("%s", async (_name, requestsPerSecond, verdict, atMost) => {
    const world = await afterHold({}, requestsPerSecond);
    const { nowMs } = world.state;
    world.state.hooks = [];
    expect(codeOf(await world.run({ ...retire, overrideFailing: "to compare" }))).toBe("finished");
    const unjudgedMs = world.state.nowMs - nowMs;
    const other = await afterHold({}, requestsPerSecond);
    other.state.hooks = [];
    const before = other.state.nowMs;
    expect(codeOf(await other.run(retire))).toBe("finished");
    expect(verdicts(other)).toEqual([verdict]);
    expect(other.state.nowMs - before - unjudgedMs).toBeLessThan(atMost);
    expect(other.state.fills.blue).toBeNull();
  });

  test("goes on, whatever it had answered before: only what it does now counts", async () => {
    const world = await afterHold();
    world.state.counters.green.errors += 5_000;
    world.state.counters.green.requests += 5_000;
    expect(codeOf(await world.run(retire))).toBe("finished");
    expect(verdicts(world)).toEqual(["pass"]);
  });
});
