import { describe, expect, test } from "vitest";
import type { Owner } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { TargetReading } from "../../../infra/model.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import {
  at,
  outputsOf,
  reportOf,
  rolloutIn,
  servedByBlue,
  settingsWith,
  viewOf,
} from "./view-of.ts";

const ann: Owner = { user: "ann", host: "build-3", pid: 7, started: "1" };

describe("roles of the colors", () => {
  test("are active and idle while a color serves", () => {
    const { colors } = reportOf();
    expect(colors.blue).toMatchObject({ role: "active", version: "1", ready: 2, size: 2 });
    expect(colors.green).toMatchObject({ role: "idle", version: "2", weight: 0 });
  });

  test("are retiring and empty as the record and the stacks say", () => {
    const record = { ...servedByBlue, retiring: "green" as const };
    expect(reportOf({ view: viewOf({ record }) }).colors.green.role).toBe("retiring");
    const colors = { blue: outputsOf("blue", "1"), green: null };
    expect(reportOf({ view: viewOf({ colors }) }).colors.green).toMatchObject({
      role: "empty",
      version: null,
    });
  });

  test("tell instances that can't be reached from those that aren't ready", () => {
    expect(reportOf({ view: withTarget({ reachable: false, ready: 0 }) }).colors.blue.ready).toBe(
      null,
    );
    expect(reportOf({ view: withTarget({ ready: 1 }) }).colors.blue.ready).toBe(1);
  });
});

describe("an environment that doesn't exist yet", () => {
  test("is a whole report that says so", () => {
    const report = reportOf({ view: null, application: null });
    expect(report).toMatchObject({ schema: 1, exists: false, activeColor: null, generation: 0 });
    expect(Object.keys(report).sort()).toEqual(Object.keys(reportOf()).sort());
  });
});

describe("a rollback", () => {
  const held = {
    ...servedByBlue,
    activeColor: "green" as const,
    weights: weightsOf("green"),
    previousRelease: { color: "blue" as const, release: outputsOf("blue", "1").release },
    rollbackUntil: at(600),
    rollout: rolloutIn("hold"),
  };

  test("is one flip while the former color is hot, for as long as the window is open", () => {
    const { rollback } = reportOf({ view: viewOf({ record: held }) });
    expect(rollback).toMatchObject({ possible: true, to: "blue", version: "1", leftMs: 600_000 });
    expect(rollback.sentence).toContain("one flip");
  });

  test("names the growing that comes first from a smaller color", () => {
    const colors = { blue: outputsOf("blue", "1", 1), green: outputsOf("green", "2", 3) };
    const { rollback } = reportOf({ view: viewOf({ record: held, colors }) });
    expect(rollback.sentence).toBe("blue is kept warm: it grows from 1 to 3 instances first");
  });

  test("has no time left after the window, and stays possible", () => {
    const record = { ...held, rollbackUntil: at(-1) };
    expect(reportOf({ view: viewOf({ record }) }).rollback).toMatchObject({
      possible: true,
      leftMs: 0,
    });
  });

  test("isn't possible to a color without a ready instance", () => {
    const view = viewOf({ record: held });
    const targets = { ...view.reading.targets, blue: { ...ready, ready: 0 } };
    const { rollback } = reportOf({ view: { ...view, reading: { ...view.reading, targets } } });
    expect(rollback).toMatchObject({ possible: false, sentence: "blue has no ready instance" });
  });

  test("isn't possible after a first release", () => {
    expect(reportOf().rollback).toMatchObject({ possible: false, to: null });
  });
});

describe("drift", () => {
  test("isn't there while file, record and router agree", () => {
    expect(reportOf().drift).toEqual([]);
  });

  test("of the router says what `bluegreen up` does about it", () => {
    const drift = { kind: "foreign", sentence: "the router serves blue 0 / green 100" } as const;
    expect(reportOf({ view: viewOf({ drift }) }).drift).toEqual([
      {
        between: ["router", "record"],
        sentence: drift.sentence,
        advice: "`bluegreen up` takes over what the router really does; traffic stays",
        paste: [],
      },
    ]);
  });

  test("of a file that asks for another color warns of the switch and gives the lines", () => {
    const settings = settingsWith({ activeColor: "green" });
    const [drift, ...more] = reportOf({ settings }).drift;
    expect(more).toEqual([]);
    expect(drift?.sentence).toContain("asks for green, traffic is on blue");
    expect(drift?.paste).toEqual(["bluegreen:activeColor: blue", "bluegreen:generation: 4"]);
  });

  test("of an older file says that it would be refused", () => {
    const settings = settingsWith({ activeColor: "green", generation: "3" });
    const [drift] = reportOf({ settings }).drift;
    expect(drift?.sentence).toContain("at generation 3, the router is at 4");
  });

  test("names addresses of the serving color that the router lacks", () => {
    const view = viewOf();
    const attached = { ...view.reading.attached, blue: ["blue:1001", "blue:9"] };
    const { drift } = reportOf({ view: { ...view, reading: { ...view.reading, attached } } });
    expect(drift.map(({ sentence }) => sentence)).toEqual([
      "the router doesn't know blue:1002 and still knows blue:9 of blue",
    ]);
  });
});

describe("problems", () => {
  test("are none while all is well", () => {
    expect(reportOf().problems).toEqual([]);
  });

  test("name a crash loop with its reason, and where to look", () => {
    const view = withTarget({ crashLoop: true, ready: 0, problems: ["it ended with code 3"] });
    expect(reportOf({ view }).problems).toEqual([
      {
        subject: "blue",
        sentence: "it crashes again and again: it ended with code 3",
        advice: "`bluegreen logs blue` shows what it says",
      },
    ]);
  });

  test("show no control characters of an application", () => {
    const view = withTarget({ ready: 1, problems: ["\u001b[2Jgone"] });
    expect(reportOf({ view }).problems[0]?.sentence).toBe(
      "1 of 2 instances are ready: \\u001b[2Jgone",
    );
  });

  test("name a rollout whose process is gone, and how to go on", () => {
    const claim = { color: "green" as const, rolloutId: "r-2", until: at(60), owner: ann };
    const record = { ...servedByBlue, claim, rollout: rolloutIn("check") };
    const view = viewOf({ record });
    expect(reportOf({ view, ownerGone: false }).problems).toEqual([]);
    const report = reportOf({ view, ownerGone: true });
    expect(report.problems[0]?.sentence).toBe("r-2 was left in its check: its process is gone");
    expect(report.problems[0]?.advice).toContain("bluegreen abort");
    expect(report.rollout).toMatchObject({ owner: "ann on build-3 (process 7)", ownerGone: true });
  });

  test("name a rollout whose claim ran out in its bake, with the rollback as the way back", () => {
    const record = { ...servedByBlue, rollout: rolloutIn("bake") };
    const [problem] = reportOf({ view: viewOf({ record }) }).problems;
    expect(problem?.sentence).toBe("r-2 was left in its bake: its claim ran out");
    expect(problem?.advice).toContain("bluegreen rollback");
  });

  test("name a claim by hand that ran out, to be claimed once more", () => {
    const record = { ...servedByBlue, rollout: { ...rolloutIn("provision"), id: byHandId(0) } };
    const [problem] = reportOf({ view: viewOf({ record }) }).problems;
    expect(problem?.advice).toBe(
      "go on with `bluegreen claim green`, or give up with `bluegreen abort`",
    );
  });
});

test("pins that ran out aren't listed", () => {
  const pin = { digest: "d", version: "1", reason: "bad", by: "ann", at: at(-9), until: null };
  const pins = [pin, { ...pin, version: "0", until: at(-1) }];
  const report = reportOf({ view: viewOf({ record: { ...servedByBlue, pins } }) });
  expect(report.pins.map(({ version }) => version)).toEqual(["1"]);
});

const ready: TargetReading = {
  ready: 2,
  total: 2,
  problems: [],
  crashLoop: false,
  reachable: true,
};

function withTarget(change: Partial<TargetReading>) {
  const view = viewOf();
  const targets = { ...view.reading.targets, blue: { ...ready, ...change } };
  return { ...view, reading: { ...view.reading, targets } };
}
