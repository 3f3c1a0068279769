/** What of a run's events is told to others: each thing once, and incidents as such. */

import { describe, expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { isAlert } from "../../../automation/notify/news.ts";
import type { News } from "../../../automation/notify/news.ts";
import { emptyStory, tell } from "../../../automation/notify/story.ts";
import { phaseSentences } from "../../../infra/model.ts";
import { back, entered, failed, finished, rollout, started } from "./events.ts";

function told(...events: readonly Event[]): readonly News[] {
  let story = emptyStory;
  return events.flatMap((event, index) => {
    const { story: next, news } = tell(story, event, index);
    story = next;
    return news === null ? [] : [news];
  });
}

const short = (news: readonly News[]) => news.map(({ key, standing }) => `${key}: ${standing}`);

test("each phase is told, and the end says what is true", () => {
  const news = told(started(), entered("provision"), entered("check"), entered("bake"), {
    ...{ kind: "Noted", sentence: "nobody needs to know" },
  });
  expect(short(news)).toEqual(["provision: running", "check: running", "bake: running"]);
  expect(news[1]).toEqual({
    ...{ key: "check", standing: "running", rollout: { ...rollout, phase: "check" } },
    ...{ own: true, sentence: phaseSentences.check, by: "ann on build-3", atMs: 2 },
  });
  const end = told(started(), entered("hold", "pass"), finished);
  expect(short(end)).toEqual(["hold: done", "hold: done"]);
  expect(end[1]?.sentence).toBe("green serves 2");
});

test("a step of a shift is told under its share", () => {
  const step = { step: 1, steps: 3, verdict: "pass", sentence: "no worse than blue" } as const;
  const stepped: Event = { kind: "Stepped", color: "green", weight: 20, ...step };
  const [, news] = told(started(), entered("shift"), stepped);
  expect(news).toMatchObject({
    ...{ key: "shift 20", standing: "running" },
    sentence: "step 1 of 3 (20 %): no worse than blue",
  });
});

describe("an incident is one alert", () => {
  test("a rollback by itself, with all that follows from it", () => {
    const aborted: Event = { kind: "Aborted", rollout, reason: "6 of 6 answers failed" };
    const news = told(started(), entered("bake"), back, aborted, failed("ROLLED_BACK"));
    expect(short(news)).toEqual(["bake: running", "rolledBack: rolledBack"]);
    expect(news.filter(isAlert)).toHaveLength(1);
  });

  test("a rollback that a person asked for, about the rollout that was left", () => {
    const left = { ...back, rollout: { ...rollout, phase: "hold" } } as Event;
    const [news, ...more] = told(started("rollback", "r-9"), left, finished);
    expect(news).toMatchObject({ key: "rolledBack", rollout: { id: "r-2" }, own: false });
    expect(more).toEqual([]);
  });

  test("a rollback of what nobody knows is one of its run", () => {
    expect(short(told(started("rollback", "r-9"), back))).toEqual(["rolledBack r-9: rolledBack"]);
  });

  test.each([
    ["SWITCH_STUCK", "stuck", "stuck SWITCH_STUCK"],
    ["FIRST_RELEASE_FAILING", "stuck", "stuck FIRST_RELEASE_FAILING"],
    ["ROUTER_DOWN", "routerDown", "routerDown"],
  ])("%s, with a rollout and without", (code, key, alone) => {
    expect(short(told(started(), failed(code)))).toEqual([`${alone}: ${key}`]);
    const news = told(started(), entered("bake"), failed(code));
    expect(short(news)).toEqual(["bake: running", `${key}: ${key}`]);
    expect(news.map(isAlert)).toEqual([false, true]);
  });
});

describe("what ends before the switch is told without an alert", () => {
  test("failed checks, which give the rollout up", () => {
    const aborted: Event = { kind: "Aborted", rollout, reason: "the checks on green say fail" };
    const news = told(started(), entered("check"), aborted, failed("CHECK_FAILED"));
    expect(short(news)).toEqual(["check: running", "aborted: aborted"]);
    expect(news.some(isAlert)).toBe(false);
  });

  test("the gate, once", () => {
    const news = told(started(), entered("gate"), failed("GATE_WAITING"));
    expect(short(news)).toEqual(["gate: waiting"]);
  });

  test("an interruption, under its run", () => {
    const news = told(started("deploy", "r-9"), entered("check"), failed("INTERRUPTED"));
    expect(short(news)).toEqual(["check: running", "stopped r-9: stopped"]);
  });
});

test("a bake without enough evidence is no pass", () => {
  const news = told(
    ...[started(), entered("bake"), entered("hold", "inconclusive")],
    failed("BAKE_INCONCLUSIVE"),
  );
  expect(short(news)).toEqual(["bake: running", "inconclusive: inconclusive"]);
});

describe("nothing is told", () => {
  test.each<[string, readonly Event[]]>([
    ["of a refusal before any rollout", [started(), failed("RELEASE_PINNED")]],
    ["of a rollout that another one holds", [started(), entered("check"), failed("CLAIMED")]],
    ["by commands that move no rollout", [started("up"), failed("ROUTER_DOWN")]],
    ["of a release that serves already", [started(), finished]],
  ])("%s", (_name, events) => {
    const news = told(...events);
    expect(news.filter(({ standing }) => standing !== "running")).toEqual([]);
  });
});
