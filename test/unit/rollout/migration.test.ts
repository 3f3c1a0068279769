/** What a run does next about the database's schema, and why it stops. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { MigrationPolicy } from "../../../automation/rollout/migration-policy.ts";
import type { Database, MigrationStep } from "../../../infra/model.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Given } from "../rules/views.ts";
import { alice, bob, claimOf, inMinutes, now, outputsOf, rolloutOf } from "../rules/views.ts";
import { before, failedWith, inRollout, mine, next, wordOf } from "./situations.ts";

const migrations: MigrationPolicy = {
  works: { from: 1, to: 3 },
  expand: { to: 2, withinMs: 60_000 },
  contract: { to: 3, withinMs: 60_000 },
};
const policy = { migrations };
const expand: MigrationStep = { kind: "expand", to: 2 };
const contract: MigrationStep = { kind: "contract", to: 3 };

function at(schema: number | null, pending: Database["pending"] = null): Database {
  return { schema, steps: [], pending };
}

function begun(step: MigrationStep, owner = alice) {
  return { ...step, release: null, at: now, owner, until: inMinutes(10) };
}

function filling(database: Database | null): Given {
  return inRollout("provision", { ...before, record: { database } });
}

describe("a deployment with an expand", () => {
  test.each([
    ["below it", at(1), "BeginMigration"],
    ["unknown", null, "BeginMigration"],
    ["begun by this run", at(1, begun(expand)), "Migrate"],
    ["begun by another", at(1, begun(expand, bob)), "BeginMigration"],
    ["there", at(2), "Provision"],
    ["past it", at(3), "Provision"],
  ] as const)("fills the idle color only when the schema is there: %s", (_what, database, word) => {
    expect(wordOf(next(filling(database), { ...mine, policy }))).toBe(word);
  });

  test("isn't begun while another's other step runs, and asks for its end afterwards", () => {
    const goal = { kind: "Deploy", version: "2", digest: null } as const;
    const given = { ...before, record: { database: at(1, begun({ kind: "expand", to: 5 }, bob)) } };
    expect(wordOf(next(given, { goal, policy }))).toBe("CLAIMED");
    expect(wordOf(next(given, { goal, policy, bobIsDead: true }))).toBe("MIGRATION_REFUSED");
  });

  test("tells with the step until when it may take", () => {
    expect(next(filling(at(1)), { ...mine, policy })).toMatchObject({
      request: {
        kind: "BeginMigration",
        step: expand,
        rolloutId: "r-2",
        owner: alice,
        until: inMinutes(2),
      },
    });
    const other = filling(at(1, begun(expand, bob)));
    expect(next(other, { ...mine, policy, bobIsDead: true })).toMatchObject({
      request: { replaces: bob },
    });
    expect(next(other, { ...mine, policy })).toMatchObject({ request: { replaces: null } });
  });

  test("records it once it is done, and only by the run that has done it", () => {
    const memory = { ...mine.memory, migrated: expand };
    const action = next(filling(at(1, begun(expand))), { memory, policy });
    expect(action).toMatchObject({ request: { kind: "EndMigration", step: expand } });
    expect(describeAction(action)).toBe("expand to schema 2 is done");
  });

  test("records it also where others have ended its rollout meanwhile", () => {
    const memory = { ...mine.memory, migrated: expand, endedBy: "others" } as const;
    const ended = (database: Database): Given => ({ ...before, record: { database } });
    const action = next(ended(at(1, begun(expand))), { memory, policy });
    expect(action).toMatchObject({ request: { kind: "EndMigration", step: expand } });
    expect(wordOf(next(ended(at(2)), { memory, policy }))).toBe("CLAIMED");
  });

  test("lets anybody begin it again when it has failed, then gives its claim up", () => {
    const error = new BlueGreenError("MIGRATION_FAILED", "expand failed");
    const memory = { ...mine.memory, ...failedWith(error) };
    const running = next(filling(at(1, begun(expand))), { memory, policy });
    expect(running).toMatchObject({
      request: { kind: "StopMigration", step: expand, owner: alice },
    });
    const stopped = { ...begun(expand), until: inMinutes(0) };
    expect(wordOf(next(filling(at(1, stopped)), { memory, policy }))).toBe("Abort");
    expect(wordOf(next(filling(at(1, begun(expand, bob))), { memory, policy }))).toBe("Abort");
  });

  test.each([
    ["the active release works with it", { from: 1, to: 2 }, "Claim"],
    ["the active release doesn't say", null, "Claim"],
    ["the active release doesn't", { from: 1, to: 1 }, "MIGRATION_REFUSED"],
  ] as const)("begins only where %s", (_what, works, word) => {
    const blue = outputsOf("blue", "1", { works });
    const given = { record: { database: at(1) }, colors: { ...before.colors, blue } };
    expect(wordOf(next(given, { policy }))).toBe(word);
  });
});

describe("a release that doesn't work with the schema", () => {
  const works = { from: 1, to: 2 };

  test("isn't deployed", () => {
    const only = { migrations: { works, expand: null, contract: null } };
    const action = next({ ...before, record: { database: at(3) } }, { policy: only });
    expect(wordOf(action)).toBe("SCHEMA_UNFIT");
    expect(wordOf(next({ ...before, record: { database: at(2) } }, { policy: only }))).toBe(
      "Claim",
    );
  });

  test("isn't switched to, before any check", () => {
    const goal = { kind: "SwitchTo", color: "green", bake: false } as const;
    const green = outputsOf("green", "2", { works });
    const given = { record: { database: at(3) }, colors: { green } };
    expect(wordOf(next(given, { goal }))).toBe("SCHEMA_UNFIT");
    expect(wordOf(next({ ...given, record: { database: at(2) } }, { goal }))).toBe("Check");
  });
});

describe("a retirement with a contract", () => {
  const goal = { kind: "RetireIdle", color: "green", force: false } as const;
  const empty = { blue: outputsOf("blue", "1", { works: { from: 1, to: 3 } }), green: null };
  const retired = (database: Database | null, record: Given["record"] = {}): Given => ({
    record: { database, ...record },
    colors: empty,
  });

  test("runs it as its last step", () => {
    expect(wordOf(next(retired(at(2)), { goal, policy }))).toBe("BeginMigration");
    expect(wordOf(next(retired(at(2, begun(contract))), { goal, policy }))).toBe("Migrate");
    const memory = { migrated: contract };
    const done = next(retired(at(2, begun(contract))), { goal, policy, memory });
    expect(wordOf(done)).toBe("EndMigration");
    expect(wordOf(next(retired(at(3)), { goal, policy }))).toBe("Finish");
  });

  test("comes after the color is empty", () => {
    const full = { record: { database: at(2) } };
    expect(wordOf(next(full, { goal, policy }))).toBe("Retire");
    expect(
      wordOf(next({ ...retired(at(2)), record: { retiring: "green" } }, { goal, policy })),
    ).toBe("Retired");
  });

  test("leaves it, and says so, where the release that serves doesn't work with it", () => {
    const blue = outputsOf("blue", "1", { works: { from: 1, to: 2 } });
    const given = { ...retired(at(2)), colors: { ...empty, blue } };
    expect(next(given, { goal, policy })).toMatchObject({
      kind: "Finish",
      sentence: expect.stringMatching(
        /green is empty; contract to schema 3 isn't run: blue serves 1/,
      ) as string,
    });
  });

  test("isn't due before the expand of the same release is done", () => {
    expect(wordOf(next(retired(at(1)), { goal, policy }))).toBe("Finish");
    expect(wordOf(next(retired(null), { goal, policy }))).toBe("Finish");
  });
});

describe("the contract on its own", () => {
  const goal = { kind: "Contract" } as const;
  const over = { blue: outputsOf("blue", "1", { works: { from: 1, to: 3 } }), green: null };

  test.each([
    ["due", { record: { database: at(2) }, colors: over }, "BeginMigration"],
    ["done", { record: { database: at(3) }, colors: over }, "Finish"],
    ["before its expand", { record: { database: at(1) }, colors: over }, "MIGRATION_REFUSED"],
    [
      "under a rollout",
      { record: { database: at(2), rollout: rolloutOf("check"), claim: claimOf() }, colors: over },
      "CLAIMED",
    ],
  ] as const)("%s", (_what, given, word) => {
    expect(wordOf(next(given, { goal, policy }))).toBe(word);
  });

  test("is no step where the settings have none, and fails with its program", () => {
    expect(wordOf(next({ colors: over }, { goal }))).toBe("USAGE");
    const error = new BlueGreenError("MIGRATION_FAILED", "contract failed");
    const memory = failedWith(error);
    expect(
      wordOf(next({ record: { database: at(2) }, colors: over }, { goal, policy, memory })),
    ).toBe("MIGRATION_FAILED");
  });
});
