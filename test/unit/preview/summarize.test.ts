/** From events and changes to a preview: what it says in every situation that matters. */
import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import { exitCodeOf } from "../../../automation/preview/exit.ts";
import { summarize } from "../../../automation/preview/summarize.ts";
import type { PreviewFacts } from "../../../automation/preview/facts.ts";
import type { Change } from "../../../automation/adapters/engine-step.ts";
import type { Pin } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import {
  deploy,
  deployFacts,
  factsOf,
  nowMs,
  outputsOf,
  planned,
  refusal,
  refusedFacts,
  servedByBlue,
  simulated,
  stackOf,
  switchTo,
  viewOf,
} from "./facts-of.ts";

/** The file asks for green, and the guard says yes. */
function switchFacts(): PreviewFacts {
  return factsOf({
    file: { activeColor: "green", generation: 4 },
    router: stackOf("dev", {
      events: [
        planned("green"),
        { kind: "Guarded", color: "green", result: { kind: "pass", sentence: "green is fine" } },
      ],
      changes: [{ operation: "update", type: "t", name: "dev-route", fields: ["weights"] }],
    }),
  });
}

describe("a settings file that asks for nothing new", () => {
  test("changes no traffic and says so", () => {
    const summary = summarize(factsOf());
    expect(summary.headline).toBe("dev: no change of traffic");
    expect(summary.outcome).toBe("nothing");
    expect(summary.router.after).toEqual(summary.router.before);
    expect(summary.expected).toBeNull();
  });

  test("is `changes` where a resource would change though traffic stays", () => {
    const changes: readonly Change[] = [
      { operation: "update", type: "t", name: "dev-router", fields: ["port"] },
    ];
    const events = [{ kind: "Planned", record: servedByBlue }] as const;
    const summary = summarize(factsOf({ router: stackOf("dev", { events, changes }) }));
    expect(summary.outcome).toBe("changes");
    expect(summary.headline).toBe("dev: no change of traffic");
  });

  test("warns where the file says none though a color serves", () => {
    const { guards, outcome } = summarize(
      factsOf({ file: { activeColor: "none", generation: null } }),
    );
    expect(outcome).toBe("nothing");
    expect(guards.find(({ guard }) => guard === "intent")).toMatchObject({
      result: "pass",
      sentence: expect.stringContaining("`bluegreen down --stop-serving`") as string,
    });
  });

  test("shows lines to paste where the file says something else than the router", () => {
    const { drift } = summarize(factsOf({ file: { activeColor: null, generation: null } }));
    expect(drift.paste).toEqual(["bluegreen:activeColor: blue", "bluegreen:generation: 4"]);
    expect(summarize(factsOf()).drift.paste).toEqual([]);
  });

  test("keeps what a color's own update would be apart: it refuses nothing of the traffic", () => {
    const error = refusal("COLOR_SERVES", "blue has traffic");
    const colors = { blue: stackOf("dev-blue", { error }), green: null };
    const summary = summarize(factsOf({ colors }));
    expect(summary.outcome).toBe("nothing");
    expect(summary.stacks[1]?.problem).toMatchObject({ code: "COLOR_SERVES" });
  });
});

test("a file that moves nothing is no refusal while the router doesn't answer", () => {
  const sentence = "the local router doesn't run";
  const view = viewOf({ drift: { kind: "silent", sentence } });
  const reading = { ...view.reading, weights: null, problems: [sentence] };
  const summary = summarize(factsOf({ view: { ...view, reading } }));
  expect(summary.outcome).toBe("nothing");
  expect(summary.guards[0]).toMatchObject({ guard: "data plane", result: "pending" });
  expect(summary.guards[0]?.sentence).toContain("`bluegreen up` brings the router back");
});

describe("a settings file that asks for the other color", () => {
  test("is refused where the SQL of its step on the database is", () => {
    const sqlRefusal = new BlueGreenError("MIGRATION_REFUSED", "the SQL is destructive", {
      details: ["drop.sql:3 drops a table"],
    });
    const asked = { kind: "deploy", version: "3" } as const;
    const summary = summarize(factsOf({ asked, simulation: simulated(deploy("3")), sqlRefusal }));
    expect(summary.outcome).toBe("refused");
    expect(summary.guards.at(-1)).toMatchObject({
      ...{ guard: "schema", result: "refused", code: "MIGRATION_REFUSED" },
      details: ["drop.sql:3 drops a table"],
    });
  });

  test("is refused while the router doesn't answer, and nothing says otherwise", () => {
    const sentence = "the local router doesn't run";
    const { view, ...facts } = switchFacts();
    const reading = { ...view.reading, weights: null, problems: [sentence] };
    const dead = { ...view, drift: { kind: "silent", sentence } as const, reading };
    const summary = summarize({ ...facts, view: dead });
    expect(summary.outcome).toBe("refused");
    expect(summary.guards).toMatchObject([
      { guard: "data plane", result: "refused", code: "ROUTER_DOWN", details: [] },
    ]);
    expect(summary.stacks[0]).toMatchObject({ changes: [], problem: { code: "ROUTER_DOWN" } });
    expect(summary.router.after).toEqual(summary.router.before);
    expect(summary.router.refused).toMatchObject({ activeColor: "green" });
  });

  test("names both releases and the new weights and generation", () => {
    const summary = summarize(switchFacts());
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (2) through local");
    expect(summary.outcome).toBe("switch");
    expect(summary.router.after).toMatchObject({
      activeColor: "green",
      weights: { blue: 0, green: 100 },
      generation: 5,
      release: { version: "2" },
    });
    expect(summary.guards.map(({ guard, result }) => `${guard}: ${result}`)).toEqual([
      "data plane: pass",
      "intent: pass",
      "claim: pass",
      "activation: pass",
    ]);
  });

  test("is pending where the color isn't provisioned", () => {
    const view = viewOf({ colors: { blue: outputsOf("blue", "1"), green: null } });
    const result = { kind: "pending", sentence: "green holds no release yet" } as const;
    const events = [planned("green"), { kind: "Guarded", color: "green", result }] as const;
    const file = { activeColor: "green", generation: 4 } as const;
    const summary = summarize(factsOf({ view, file, router: stackOf("dev", { events }) }));
    expect(summary.outcome).toBe("pending");
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (empty) through local: pending");
    expect(summary.guards.at(-1)).toMatchObject({ guard: "activation", result: "pending" });
  });

  test("shows a refusing guard with its hint, and leaves the router as it is", () => {
    const summary = summarize(refusedFacts());
    expect(summary.outcome).toBe("refused");
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (2) through local: refused");
    expect(summary.router.after).toEqual(summary.router.before);
    expect(summary.router.refused).toMatchObject({ activeColor: "green" });
    expect(summary.guards.at(-1)).toEqual({
      guard: "activation",
      result: "refused",
      sentence: "green has 0 of 2 instances ready",
      code: "COLOR_UNHEALTHY",
      hint: "do something about it",
      details: ["instance 1: exited with code 1"],
    });
    expect(summary.expected).toBeNull();
  });

  test("names no color for a file that is as it was written at a former switch", () => {
    const view = viewOf({ record: { ...servedByBlue, declared: null } });
    const summary = summarize(factsOf({ view, file: { activeColor: "green", generation: 3 } }));
    expect(summary.outcome).toBe("nothing");
    expect(summary.headline).not.toContain("->");
    expect(summary.drift.paste).toEqual(["bluegreen:activeColor: blue", "bluegreen:generation: 4"]);
  });

  test("names the color of a stale file, with the lines that keep what is", () => {
    const error = refusal("STALE_INTENT", "the file is old", ["bluegreen:generation: 4"]);
    const facts = factsOf({
      file: { activeColor: "green", generation: 2 },
      router: stackOf("dev", { events: [{ kind: "Refused", error }], error }),
    });
    const summary = summarize(facts);
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (2) through local: refused");
    expect(summary.guards.map(({ guard }) => guard)).toEqual(["data plane", "intent"]);
    expect(summary.guards.at(-1)?.details).toEqual(["bluegreen:generation: 4"]);
  });
});

describe("a switch by the driver", () => {
  test("shows its steps, the checks to come, and that sizes differ", () => {
    const colors = { blue: outputsOf("blue", "1", 3), green: outputsOf("green", "2", 1) };
    const view = viewOf({ colors });
    const simulation = simulated(switchTo("green"), view);
    const asked = { kind: "switch", color: "green" } as const;
    const summary = summarize(factsOf({ asked, view, simulation }));
    expect(summary.outcome).toBe("switch");
    expect(summary.steps).toEqual([
      "check green",
      "switch to green",
      "bake green",
      "hold the former color",
    ]);
    expect(summary.parity).toEqual({
      equal: false,
      sentence: "green would serve with only 1 instance where blue has 3",
    });
    expect(summary.guards.find(({ guard }) => guard === "checks")).toMatchObject({
      result: "pending",
      sentence: "2 checks and its health decide before green serves",
    });
  });

  test("is refused before the engine is asked where the color is empty", () => {
    const view = viewOf({ colors: { blue: outputsOf("blue", "1"), green: null } });
    const simulation = simulated(switchTo("green"), view);
    const asked = { kind: "switch", color: "green" } as const;
    const summary = summarize(factsOf({ asked, view, simulation, router: null }));
    expect(summary.outcome).toBe("refused");
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (empty) through local: refused");
    expect(summary.guards.at(-1)).toMatchObject({ guard: "activation", code: "COLOR_EMPTY" });
    expect(summary.stacks).toEqual([]);
  });

  test("to the color that serves is nothing to do", () => {
    const asked = { kind: "switch", color: "blue" } as const;
    const simulation = simulated(switchTo("blue"));
    const summary = summarize(factsOf({ asked, simulation, router: null }));
    expect(summary.outcome).toBe("nothing");
    expect(summary.headline).toBe("dev: no change of traffic");
  });

  test("is refused while somebody else's rollout is under way", () => {
    const owner = { user: "bob", host: "there", pid: 1, started: "s" };
    const until = new Date(nowMs + 60_000).toISOString();
    const record = {
      ...servedByBlue,
      claim: { color: "green", rolloutId: "r-other", until, owner },
      rollout: {
        id: "r-other",
        kind: "deploy",
        phase: "check",
        since: until,
        color: "green",
        former: "blue",
        version: "9",
        digest: null,
        baseline: null,
        hooksDone: [],
        baked: null,
      },
    } as const;
    const view = viewOf({ record });
    const simulation = simulated(switchTo("green"), view);
    const asked = { kind: "switch", color: "green" } as const;
    const summary = summarize(factsOf({ asked, view, simulation, router: null }));
    expect(summary.guards.at(-1)).toMatchObject({ guard: "claim", code: "CLAIMED" });
    expect(summary.notes).toContain("rollout r-other of release 9 is in its check");
  });
});

describe("a deploy", () => {
  test("says which color it goes to, with digest and size, and what that stack would change", () => {
    const summary = summarize(deployFacts());
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (3) through local");
    expect(summary.deployment).toEqual({
      color: "green",
      version: "3",
      digest: `sha256:${"3".repeat(12)}`,
      size: 2,
    });
    expect(summary.router.after.release).toEqual({
      version: "3",
      digest: `sha256:${"3".repeat(12)}`,
    });
    expect(summary.stacks.map(({ stack, exists }) => [stack, exists])).toEqual([
      ["dev", true],
      ["dev-green", false],
    ]);
    expect(summary.stacks[1]?.changes.map(({ name }) => name)).toEqual(["dev-green-instances"]);
    expect(summary.steps[0]).toBe("claim green for 3");
  });

  test("is refused where the release is pinned", () => {
    const digest = `sha256:${"3".repeat(12)}`;
    const at = new Date(nowMs).toISOString();
    const pin: Pin = { digest, version: "3", reason: "it failed", by: "ann", at, until: null };
    const view = viewOf({ record: { ...servedByBlue, pins: [pin] } });
    const simulation = simulated({ kind: "Deploy", version: "3", digest }, view);
    const asked = { kind: "deploy", version: "3" } as const;
    const summary = summarize(factsOf({ asked, view, simulation, router: null }));
    expect(summary.outcome).toBe("refused");
    expect(summary.guards.at(-1)).toMatchObject({ guard: "release", code: "RELEASE_PINNED" });
    expect(summary.pins).toEqual([pin]);
  });

  test("of what is served already is nothing to do", () => {
    const asked = { kind: "deploy", version: "1" } as const;
    const digest = `sha256:${"1".repeat(12)}`;
    const simulation = simulated({ kind: "Deploy", version: "1", digest });
    expect(summarize(factsOf({ asked, simulation, router: null })).outcome).toBe("nothing");
  });

  test("of a new environment begins with the router", () => {
    const record = { ...servedByBlue, activeColor: null, weights: weightsOf(null), generation: 0 };
    const base = viewOf({ record, colors: { blue: null, green: null } });
    const view = { ...base, reading: { ...base.reading, weights: null } };
    const simulation = simulated({ kind: "Deploy", version: "1", digest: null }, view);
    const asked = { kind: "deploy", version: "1" } as const;
    const summary = summarize(factsOf({ asked, view, simulation, router: null }));
    expect(simulation.routerFirst).toBe(true);
    expect(summary.headline).toBe("dev: traffic no color -> blue (1) through local");
    expect(summary.deployment).toMatchObject({ color: "blue", digest: null });
    expect(summary.rollback.sentence).toContain("nothing to return to");
    expect(summary.steps.slice(0, 2)).toEqual(["make the router", "claim blue for 1"]);
  });
});

test("deletes and replaces come first, one line per resource, without the stack itself", () => {
  const of = (operation: string, name: string, type = "a:b:C"): Change => {
    return { operation, type, name, fields: [] };
  };
  const changes = [
    of("update", "pulumi-default", "pulumi:providers:a"),
    of("create", "new"),
    of("update", "changed"),
    of("create-replacement", "swapped"),
    of("replace", "swapped"),
    of("delete-replaced", "swapped"),
    of("delete", "gone"),
    of("create", "stack", "pulumi:pulumi:Stack"),
  ];
  const events = [{ kind: "Planned", record: servedByBlue }] as const;
  const { stacks } = summarize(factsOf({ router: stackOf("dev", { events, changes }) }));
  expect(stacks[0]?.changes.map(({ operation, name }) => `${operation} ${name}`)).toEqual([
    "delete gone",
    "replace swapped",
    "update changed",
    "create new",
  ]);
});

test("values of a release's environment are hidden wherever they turn up", () => {
  const secret = "top-secret-value";
  const facts = refusedFacts(`green logged ${secret}`);
  const target = {
    ready: 0,
    total: 2,
    problems: [`said ${secret}`],
    crashLoop: true,
    reachable: true,
  };
  const { reading } = facts.view;
  const view = { ...facts.view, reading: { ...reading, targets: { blue: target, green: target } } };
  const summary = summarize({ ...facts, view, notes: [`note ${secret}`], hidden: [secret] });
  expect(JSON.stringify(summary)).not.toContain(secret);
  expect(summary.guards.at(-1)?.sentence).toBe("green logged [hidden]");
});

test("the same facts give the same summary", () => {
  expect(summarize(deployFacts())).toEqual(summarize(deployFacts()));
});

test("exit codes tell outcomes apart only where they are asked for", () => {
  const all = ["nothing", "switch", "changes", "pending", "refused"] as const;
  expect(all.map((outcome) => exitCodeOf(outcome, true))).toEqual([0, 10, 11, 12, 3]);
  expect(all.map((outcome) => exitCodeOf(outcome, false))).toEqual([0, 0, 0, 0, 3]);
});
