import { describe, expect, test } from "vitest";
import type { Owner } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { TargetReading } from "../../../infra/model.ts";
import type { Contents } from "../../../infra/platform.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import {
  at,
  nowMs,
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

describe("a color that is being filled, or was not to the end", () => {
  const contents: Contents = {
    rolloutId: "r-3",
    version: "3",
    ready: 0,
    total: 2,
    crashLoop: true,
    restarts: 4,
    problem: "it ended with code 3",
    lastLine: "no database\u0007",
  };
  const begun = rolloutIn("provision", { id: "r-3", version: "3" });
  const claim = { color: "green" as const, rolloutId: "r-3", until: at(600), owner: null };
  const open = viewOf({ record: { ...servedByBlue, rollout: begun, claim } });
  const ended = viewOf({ record: { ...servedByBlue, claim } });
  const green = (input: Parameters<typeof reportOf>[0]) => reportOf(input).colors.green;

  test("isn't shown with the release that it held before", () => {
    expect(green({ view: open })).toMatchObject({
      role: "filling",
      version: null,
      digest: null,
      size: 0,
      filling: { state: "filling", version: "3", sentence: "being filled with 3 (unfinished)" },
    });
    expect(green({ view: ended })).toMatchObject({ role: "unfinished", version: null, size: 0 });
  });

  test("is told with what went wrong while it goes on", () => {
    expect(green({ view: open, contents: { green: contents } }).filling?.sentence).toBe(
      'being filled with 3 (unfinished); crash loop: 4 restarts, last line "no database\\u0007"',
    );
    const slow = { ...contents, crashLoop: false, ready: 1, problem: "GET / answered 503" };
    expect(green({ view: open, contents: { green: slow } }).filling?.sentence).toMatch(
      /; 1 of 2 instances are ready: GET \/ answered 503, last line/,
    );
  });

  test("is a problem once nobody is at it any more", () => {
    const report = reportOf({ view: ended, contents: { green: contents } });
    expect(report.colors.green.filling).toMatchObject({ state: "ended", version: "3" });
    expect(report.problems).toEqual([
      {
        subject: "green",
        sentence: 'filling with 3 failed; crash loop: 4 restarts, last line "no database\\u0007"',
        advice: "`bluegreen logs green` shows what it says; `bluegreen deploy` fills it anew",
      },
    ]);
  });

  test("tells no more than is known where nobody can say what is in it", () => {
    expect(green({ view: ended }).filling).toMatchObject({
      version: null,
      sentence: "its filling ended unfinished; what is in it isn't known",
    });
    const other = { ...contents, rolloutId: "r-1", version: "1" };
    expect(green({ view: ended, contents: { green: other } }).filling?.sentence).toBe(
      "its filling ended unfinished; what runs in it is 1",
    );
  });

  test("keeps its release while nobody has begun: it is only claimed", () => {
    const former = { ...contents, rolloutId: "r-2", version: "2", ready: 2, crashLoop: false };
    const rollout = { ...begun, id: byHandId(nowMs), version: "by hand" };
    const byAnn = { ...claim, rolloutId: rollout.id, owner: ann };
    const claimed = viewOf({ record: { ...servedByBlue, rollout, claim: byAnn } });
    const report = reportOf({ view: claimed, contents: { green: former } });
    expect(report.colors.green).toMatchObject({
      role: "idle",
      version: "2",
      size: 2,
      ready: 2,
      filling: {
        state: "claimed",
        version: "2",
        sentence: "claimed by hand by ann on build-3 (process 7); still holds 2",
      },
    });
    expect(report.problems).toEqual([]);
  });

  test("keeps its release when a claim was given up before anything was begun", () => {
    const former = { ...contents, rolloutId: "r-2", version: "2", ready: 2, crashLoop: false };
    const report = reportOf({ view: ended, contents: { green: former } });
    expect(report.colors.green).toMatchObject({ role: "idle", version: "2", size: 2 });
    expect(report.colors.green.filling?.sentence).toBe(
      "was claimed, and nothing came of it; still holds 2",
    );
    expect(report.problems).toEqual([]);
  });

  test("is a usual one as soon as its stack was written", () => {
    const held = { blue: outputsOf("blue", "1"), green: outputsOf("green", "3") };
    expect(green({ view: { ...open, colors: held } })).toMatchObject({
      role: "idle",
      version: "3",
      filling: null,
    });
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

  test("names the growing that comes first of a color that was shrunk, and of no other", () => {
    const [small, green] = [outputsOf("blue", "1", 1), outputsOf("green", "2", 3)];
    const sentenceOf = (blue: typeof small) =>
      reportOf({ view: viewOf({ record: held, colors: { blue, green } }) }).rollback.sentence;
    const shrunk = { ...small, held: { rolloutId: "r-2", full: 3 } };
    expect(sentenceOf(shrunk)).toContain("blue is kept warm: it grows from 1 to 3 instances first");
    expect(sentenceOf(small)).toContain("one flip");
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
    const settings = settingsWith({ activeColor: "green", generation: "2" });
    const [drift] = reportOf({ settings }).drift;
    expect(drift?.sentence).toContain("at generation 2, the router is at 4");
  });

  test("of a file that says none, while a color serves, names what stops serving", () => {
    const [drift, ...more] = reportOf({ settings: settingsWith({ activeColor: "none" }) }).drift;
    expect(more).toEqual([]);
    expect(drift?.sentence).toContain("traffic stays on blue");
    expect(drift?.sentence).toContain("`bluegreen down --stop-serving`");
    const record = { ...servedByBlue, activeColor: null, weights: weightsOf(null) };
    const inactive = { settings: settingsWith({ activeColor: "none" }), view: viewOf({ record }) };
    expect(reportOf(inactive).drift).toEqual([]);
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

  test("name what is wrong though every instance is ready: nobody looks after them", () => {
    const view = withTarget({ problems: ["its supervisor doesn't answer"] });
    expect(reportOf({ view }).problems).toEqual([
      {
        subject: "blue",
        sentence: "its supervisor doesn't answer",
        advice: "bring it back: `bluegreen up`",
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

  test("name a claim by hand that ran out once its color was filled, to be switched to", () => {
    const rollout = { ...rolloutIn("provision"), id: byHandId(0) };
    const colors = {
      blue: outputsOf("blue", "1"),
      green: { ...outputsOf("green", "2"), rolloutId: rollout.id },
    };
    const report = reportOf({ view: viewOf({ record: { ...servedByBlue, rollout }, colors }) });
    expect(report.rollout?.sentence).toBe(
      "green is filled by hand and waits for `bluegreen switch green`; the active color has all traffic.",
    );
    expect(report.colors.green).toMatchObject({ role: "idle", version: "2" });
    expect(report.problems[0]?.advice).toContain("go on with `bluegreen switch green`");
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

test("a router's problem comes with its platform's advice, drift as well", () => {
  const known = ["gone", "its host key changed"];
  const advice = ["look at the host", "compare the keys"];
  const { reading } = viewOf();
  const silent = { ...reading, weights: null, problems: known, advice };
  const drift = { kind: "silent", sentence: "gone" } as const;
  const report = reportOf({ view: viewOf({ reading: silent, drift }) });
  expect(report.drift).toMatchObject([{ sentence: "gone", advice: "look at the host" }]);
  expect(report.problems).toMatchObject([{ advice: "compare the keys" }]);
});
