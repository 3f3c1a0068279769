/** What a later run finds and tells: the verdict, the time of the switch, a flip without a record. */

import { describe, expect, test } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import type { Command } from "../support/world/world.ts";
import { World, times } from "../support/world/world.ts";

const rollback: Command = { run: "rollback" };
const direct: Command = { run: "rollback direct" };
const up: Command = { run: "up" };
const toBlue = (bake: boolean): Command => ({ run: "switch", color: "blue", bake });

function hintOf({ outcome }: Task): string {
  return outcome?.kind === "failed" ? (outcome.error.hint ?? "") : "";
}

/** Green is active with 2, blue holds 1 within its rollback window. */
async function twoReleases(): Promise<World> {
  const world = new World();
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  world.pass(5_000);
  return world;
}

describe("a bake behind a slow switch", () => {
  const slow = async (): Promise<World> => {
    const world = new World({ "2": { breaksAfterMs: times.bakeMs + 5_000 } });
    await world.run(deploy("1"));
    world.servedAfterMs = 15_000;
    return world;
  };

  test("lasts as long as any other: it begins when the switch was seen served", async () => {
    const world = await slow();
    expect(codeOf(await world.run(deploy("2")))).toBe("ROLLED_BACK");
  });

  test("does so as well for who goes on with it", async () => {
    const world = await slow();
    await world.runUntilKilled(deploy("2"), "has recorded Switch");
    expect(codeOf(await world.run(deploy("2")))).toBe("ROLLED_BACK");
  });
});

describe("a command that is killed right after its hold", () => {
  test("of a failing first release: every further run tells that, until another is good", async () => {
    const world = new World({ "1": { breaksAfterMs: 5_000 } });
    await world.runUntilKilled(deploy("1"), "has recorded Hold");
    for (const again of [deploy("1"), deploy("1"), deploy(null)]) {
      expect(codeOf(await world.run(again))).toBe("FIRST_RELEASE_FAILING");
    }
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
  });

  test("of a release that too few used: every further run tells that", async () => {
    const world = new World();
    await world.run(deploy("1"));
    world.state.requestsPerSecond = 1;
    await world.runUntilKilled(deploy("2"), "has recorded Hold");
    expect(codeOf(await world.run(deploy("2")))).toBe("BAKE_INCONCLUSIVE");
    expect(codeOf(await world.run(deploy("2"), { host: "ci-2" }))).toBe("BAKE_INCONCLUSIVE");
  });

  test("of a switch: every further run that asks for a bake tells that", async () => {
    const world = await twoReleases();
    world.state.requestsPerSecond = 1;
    await world.runUntilKilled(toBlue(true), "has recorded Hold");
    expect(codeOf(await world.run(toBlue(true)))).toBe("BAKE_INCONCLUSIVE");
    expect(codeOf(await world.run(toBlue(false)))).toBe("finished");
  });
});

describe("after a first release that fails", () => {
  test("another that fails as much stays: going back would help nobody", async () => {
    const world = new World({ "1": { breaksAfterMs: 0 }, "2": { breaksAfterMs: 0 } });
    await world.run(deploy("1"));
    const second = await world.run(deploy("2"));
    expect([codeOf(second), world.serving]).toEqual(["BAKE_INCONCLUSIVE", "2"]);
    expect(world.record.pins).toEqual([]);
  });
});

describe("who meets a claim is told what really ends it", () => {
  test("before the switch: abort", async () => {
    const world = await twoReleases();
    const first = world.start(deploy("3"));
    await world.schedule.run([first], { steps: 8 });
    expect(hintOf(await world.run(deploy("4"), { host: "ci-2" }))).toContain("`bluegreen abort`");
    expect(codeOf(await world.run({ run: "abort" }))).toBe("finished");
  });

  test("in the bake: rollback", async () => {
    const world = await twoReleases();
    await world.runUntilKilled(deploy("3"), "has recorded Switch");
    const hint = hintOf(await world.run(deploy("4"), { host: "ci-2" }));
    expect(hint).toContain("`bluegreen rollback`");
    expect(hint).not.toContain("abort");
    expect(codeOf(await world.run({ run: "unlock" }))).toBe("finished");
    expect(codeOf(await world.run(rollback))).toBe("finished");
  });

  test("in the bake of a first release: nothing, and it says so", async () => {
    const world = new World();
    await world.runUntilKilled(deploy("1"), "has recorded Switch");
    await world.run({ run: "unlock" });
    const met = await world.run(deploy("4"), { host: "ci-2" });
    expect([codeOf(met), hintOf(met)]).toEqual([
      "CLAIMED",
      "wait for it: a first release that serves has nothing to go back to",
    ]);
    expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
    expect(hintOf(await world.run({ run: "abort" }))).toContain("--stop-serving");
  });
});

describe("a switch that is killed between its flip and its record", () => {
  const cutShort = async (bake: boolean): Promise<World> => {
    const world = await twoReleases();
    await world.runUntilKilled(toBlue(bake), "has saved routes for Switch");
    expect([world.serving, world.record.activeColor]).toEqual(["1", "green"]);
    return world;
  };

  test.each([deploy(null), toBlue(true)])("goes on in its bake with $run", async (next) => {
    const world = await cutShort(true);
    const before = world.state.trace.length;
    expect(codeOf(await world.run(next))).toBe("finished");
    const slept = world.state.trace.slice(before).filter((step) => step.includes("sleeps"));
    expect(slept.length).toBeGreaterThan(0);
    const { activeColor, generation, rollout } = world.record;
    expect([activeColor, generation, rollout?.phase]).toEqual(["blue", 3, "hold"]);
  });

  test("can be rolled back", async () => {
    const world = await cutShort(true);
    expect(codeOf(await world.run(rollback))).toBe("finished");
    expect(world.serving).toBe("2");
  });

  test("isn't drift: another release waits for it as for any bake that was left", async () => {
    const world = await cutShort(true);
    const met = await world.run(deploy("3"));
    expect([codeOf(met), hintOf(met)]).toEqual([
      "ROLLOUT_OPEN",
      "finish it with `bluegreen deploy` (no version), or go back: `bluegreen rollback`",
    ]);
  });

  test("without a bake is held at once by the same command", async () => {
    const world = await cutShort(false);
    expect(codeOf(await world.run(toBlue(false)))).toBe("finished");
    expect(world.record.rollout?.phase).toBe("hold");
    expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  });
});

describe("a flip that is killed before it was seen served", () => {
  const cutShort = async (command: Command): Promise<World> => {
    const world = await twoReleases();
    await world.runUntilKilled(command, `has saved routes for ${requestOf[command.run] ?? ""}`);
    expect(world.serving).toBe("1");
    await world.run({ run: "unlock" });
    return world;
  };
  const requestOf: Partial<Record<Command["run"], string>> = { switch: "Switch", obey: "Obey" };
  const flipByHand: Command = { run: "obey", color: "blue" };

  test.each<[string, Command, Command]>([
    ["a switch without a bake, by the same command", toBlue(false), toBlue(false)],
    ["a switch, by a deployment that goes on with it", toBlue(true), deploy(null)],
    ["a switch, by an update", toBlue(true), up],
    ["a flip by hand, by the same update", flipByHand, flipByHand],
    ["a flip by hand, by another release", flipByHand, deploy("3")],
  ])("is proven, or goes back: %s", async (_name, command, next) => {
    const world = await cutShort(command);
    world.switchFails = true;
    expect(codeOf(await world.run(next))).toBe("SWITCH_NOT_SERVED");
    expect([world.serving, world.record.activeColor]).toEqual(["2", "green"]);
    world.switchFails = false;
    expect(codeOf(await world.run(toBlue(false)))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["1", []]);
  });

  test("is proven by a rollback, too, which leaves traffic where it went", async () => {
    const world = await twoReleases();
    await world.runUntilKilled(rollback, "has saved routes for RollBack");
    world.switchFails = true;
    expect(codeOf(await world.run(rollback))).toBe("SWITCH_STUCK");
    expect([world.serving, world.record.activeColor]).toEqual(["1", "green"]);
    world.switchFails = false;
    expect(codeOf(await world.run(rollback))).toBe("finished");
    expect(world.record).toMatchObject({ activeColor: "blue", generation: 3 });
  });
});

test("a by-hand flip that is killed before its record is no drift for the next deploy", async () => {
  const world = await twoReleases();
  await world.runUntilKilled({ run: "obey", color: "blue" }, "has saved routes for Obey");
  expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  expect(world.record).toMatchObject({ activeColor: "green", generation: 4 });
});

describe("a second direct rollback", () => {
  test.each<readonly [string, readonly Command[]]>([
    ["at once", [direct]],
    ["after an update has taken the first over", [direct, up]],
    ["after a rollback by the engine", [rollback]],
    ["while another release is being checked", [direct, up, { run: "claim", color: "green" }]],
  ])("%s doesn't go forth again", async (_name, before) => {
    const world = await twoReleases();
    for (const command of before) expect(codeOf(await world.run(command))).toBe("finished");
    const again = await world.run(direct);
    expect(again.outcome).toEqual({ kind: "finished", sentence: "blue is active again already" });
    expect(world.serving).toBe("1");
  });

  test("after a new switch goes back again", async () => {
    const world = await twoReleases();
    await world.run(direct);
    await world.run({ run: "switch", color: "green", bake: false });
    expect(codeOf(await world.run(direct))).toBe("finished");
    expect(world.serving).toBe("1");
  });
});

test("a direct rollback between an update's look and its write stays, and ends its rollout", async () => {
  const world = await twoReleases();
  const claiming = world.start(deploy("3"));
  while (!world.state.trace.at(-1)?.endsWith("has read for Claim")) {
    await world.schedule.run([claiming], { steps: 1 });
  }
  expect(codeOf(await world.run(direct))).toBe("finished");
  await world.schedule.run([claiming]);
  expect([codeOf(claiming), world.serving]).toEqual(["COLOR_SERVES", "1"]);
  await world.run(up);
  expect(world.record).toMatchObject({ activeColor: "blue", generation: 3, rollout: null });
});
