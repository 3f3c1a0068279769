/** When a migration step may begin, what it leaves in the record, and what that forbids. */

import { describe, expect, test } from "vitest";
import type { BlueGreenError } from "../../../infra/errors.ts";
import type {
  ColorOutputs,
  Database,
  MigrationStep,
  Owner,
  SchemaRange,
} from "../../../infra/model.ts";
import { guardActivation, guardRollback } from "../../../infra/rules/activation.ts";
import type { BeginMigration } from "../../../infra/rules/request.ts";
import { undeclared, unfit } from "../../../infra/rules/schema.ts";
import { applyRequest, directWayBack } from "../../../infra/rules/transition.ts";
import type { Observed } from "../../../infra/observation.ts";
import type { Request } from "../../../infra/rules/request.ts";
import { alice, bob, claimOf, inMinutes, now, outputsOf, rolloutOf, viewOf } from "./views.ts";
import type { Given } from "./views.ts";

const file = { declared: { activeColor: null, generation: null }, name: "file" };

function after(view: Observed, request: Request) {
  return applyRequest(view, request, file).record;
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    return (error as BlueGreenError).code;
  }
}

const expand: MigrationStep = { kind: "expand", to: 2 };
const contract: MigrationStep = { kind: "contract", to: 3 };

function begin(step: MigrationStep, more: Partial<BeginMigration> = {}): BeginMigration {
  const rolloutId = step.kind === "expand" ? "r-2" : null;
  const until = inMinutes(10);
  return { kind: "BeginMigration", step, rolloutId, owner: alice, until, replaces: null, ...more };
}

function at(schema: number | null, more: Partial<Database> = {}): Database {
  return { schema, steps: [], pending: null, ...more };
}

function pendingOf(step: MigrationStep, owner = alice) {
  return { ...step, release: null, at: now, owner, until: inMinutes(10) };
}

function held(color: "blue" | "green", version: string, works: SchemaRange | null): ColorOutputs {
  return outputsOf(color, version, { works });
}

/** Green is claimed for release 2, blue serves 1. */
function deploying(works: SchemaRange | null, database: Database | null = at(1)): Given {
  return {
    record: { rollout: rolloutOf("provision"), claim: claimOf(), database },
    colors: { blue: held("blue", "1", works), green: null },
  };
}

/** Green serves release 2, blue holds 1, or nothing. */
function deployed(blue: ColorOutputs | null, record: Given["record"] = {}): Given {
  return {
    record: { activeColor: "green", database: at(2), ...record },
    colors: { blue, green: held("green", "2", { from: 1, to: 3 }) },
  };
}

describe("an expand", () => {
  test("that has failed may begin again at once, whoever begins it", () => {
    const pending = pendingOf(expand);
    const view = viewOf(deploying({ from: 1, to: 2 }, at(1, { pending })));
    expect(codeOf(() => after(view, begin(expand, { owner: bob })))).toBe("CLAIMED");
    const stopped = after(view, { kind: "StopMigration", step: expand, owner: alice });
    expect(stopped.database?.pending).toEqual({ ...pending, until: now });
    const again = { ...view, record: stopped };
    expect(codeOf(() => after(again, begin(expand, { owner: bob })))).toBe("done");
    const foreign = after(view, { kind: "StopMigration", step: expand, owner: bob });
    expect(foreign.database?.pending).toEqual(pending);
  });

  test("is written down as begun, and then as done, once", () => {
    const view = viewOf(deploying({ from: 1, to: 2 }));
    const begun = after(view, begin(expand));
    const release = { version: "2", digest: null };
    expect(begun.database?.pending).toEqual({
      ...expand,
      release,
      at: now,
      owner: alice,
      until: inMinutes(10),
    });
    const done = after({ ...view, record: begun }, { kind: "EndMigration", step: expand });
    expect([view.record.schema, begun.schema, done.schema]).toEqual([1, 2, 2]);
    expect(done.database).toEqual(at(2, { steps: [{ ...expand, release, at: now }] }));
    const again = { ...view, record: done };
    expect(after(again, { kind: "EndMigration", step: expand })).toEqual(done);
    expect(after(again, begin(expand))).toEqual(done);
  });

  test.each([
    ["works with what it leaves", { from: 1, to: 2 }, "done"],
    ["doesn't say", null, "done"],
    ["doesn't work with what it leaves", { from: 1, to: 1 }, "MIGRATION_REFUSED"],
  ] as const)("by the active release, which %s: %s is %s", (_what, works, code) => {
    expect(codeOf(() => after(viewOf(deploying(works)), begin(expand)))).toBe(code);
  });

  test("belongs to the rollout that has claimed the color, before that is filled", () => {
    const view = viewOf(deploying(null));
    expect(codeOf(() => after(view, begin(expand, { rolloutId: "r-8" })))).toBe("CLAIMED");
    const checked = viewOf({
      ...deploying(null),
      record: { rollout: rolloutOf("check"), claim: claimOf() },
    });
    expect(codeOf(() => after(checked, begin(expand)))).toBe("ROLLOUT_OPEN");
  });

  test("isn't recorded without having been begun", () => {
    const done = () => after(viewOf(deploying(null)), { kind: "EndMigration", step: expand });
    expect(codeOf(done)).toBe("MIGRATION_REFUSED");
  });

  test("waits for another's step that runs, whichever it is", () => {
    const pending = pendingOf({ kind: "expand", to: 5 }, bob);
    const view = viewOf(deploying(null, at(1, { pending })));
    expect(() => after(view, begin(expand))).toThrow(/has begun expand to schema 5, until/);
    expect(codeOf(() => after(view, begin(expand)))).toBe("CLAIMED");
    const late = viewOf(deploying(null, at(1, { pending: { ...pending, until: now } })));
    expect(codeOf(() => after(late, begin(expand)))).toBe("MIGRATION_REFUSED");
  });

  test("waits for another step that isn't known to be done", () => {
    const database = at(1, { pending: pendingOf({ kind: "expand", to: 5 }) });
    expect(codeOf(() => after(viewOf(deploying(null, database)), begin(expand)))).toBe(
      "MIGRATION_REFUSED",
    );
  });
});

describe("a step that somebody has begun", () => {
  const database = at(2, { pending: pendingOf(contract, bob) });
  const view = viewOf(deployed(null, { database }));

  test("isn't begun by another at the same time", () => {
    expect(codeOf(() => after(view, begin(contract)))).toBe("CLAIMED");
  });

  test("is taken over from a dead owner, and when its time is up", () => {
    const taken = after(view, begin(contract, { replaces: bob }));
    expect(taken.database?.pending?.owner).toEqual(alice);
    const late = { ...view, nowMs: Date.parse(inMinutes(11)) };
    expect(after(late, begin(contract)).database?.pending?.owner).toEqual(alice);
  });
});

describe("a contract", () => {
  const previousRelease = { color: "blue", release: { version: "1", digest: "sha-1" } } as const;
  const fits = held("blue", "1", { from: 2, to: 3 });

  test.each([
    ["the former color is empty", deployed(null), "done"],
    [
      "the window is open",
      deployed(null, { previousRelease, rollbackUntil: inMinutes(1) }),
      "WINDOW_OPEN",
    ],
    [
      "the window is over",
      deployed(null, { previousRelease, rollbackUntil: inMinutes(-1) }),
      "done",
    ],
    ["the other color works with it", deployed(fits), "done"],
    [
      "the other color doesn't",
      deployed(held("blue", "1", { from: 1, to: 2 })),
      "MIGRATION_REFUSED",
    ],
    ["the other color doesn't say", deployed(held("blue", "1", null)), "MIGRATION_REFUSED"],
    [
      "the other color was being filled",
      deployed(null, { claim: claimOf({ color: "blue" }) }),
      "MIGRATION_REFUSED",
    ],
    [
      "a rollout is under way",
      deployed(null, {
        rollout: rolloutOf("check", { color: "blue" }),
        claim: claimOf({ color: "blue" }),
      }),
      "CLAIMED",
    ],
    [
      "a rollout was left",
      deployed(null, { rollout: rolloutOf("bake"), claim: claimOf({ until: inMinutes(-1) }) }),
      "ROLLOUT_OPEN",
    ],
  ] as const)("where %s", (_what, given, code) => {
    expect(codeOf(() => after(viewOf(given), begin(contract)))).toBe(code);
  });

  test("is refused where the release that serves doesn't work with it", () => {
    const far = begin({ kind: "contract", to: 4 });
    expect(codeOf(() => after(viewOf(deployed(null)), far))).toBe("MIGRATION_REFUSED");
  });

  test("is refused where the release that serves doesn't say: it is another release's", () => {
    const colors = { blue: null, green: held("green", "1", null) };
    const view = viewOf({ ...deployed(null), colors });
    expect(codeOf(() => after(view, begin(contract)))).toBe("MIGRATION_REFUSED");
  });
});

describe("a release that doesn't work with the schema", () => {
  const old = held("blue", "1", { from: 1, to: 2 });
  const view = (database: Database | null): Observed => viewOf(deployed(old, { database }));

  test("gets no traffic, by no way", () => {
    const wrong = view(at(3));
    for (const guard of [guardActivation(wrong, "blue"), guardRollback(wrong, "blue")]) {
      expect(guard).toMatchObject({ kind: "refused", error: { code: "SCHEMA_UNFIT" } });
    }
    const previousRelease = { color: "blue", release: old.release } as const;
    expect(directWayBack(wrong, { ...wrong.record, previousRelease })).toBeNull();
    const right = view(at(2));
    expect(directWayBack(right, { ...right.record, previousRelease })).toBe("blue");
  });

  test("gets none either where a step that was begun may have left such a schema", () => {
    const begun = view(at(2, { pending: pendingOf(contract) }));
    const refused = guardRollback(begun, "blue");
    expect(refused).toMatchObject({ kind: "refused", error: { code: "SCHEMA_UNFIT" } });
    expect(refused.kind === "refused" && refused.error.hint).toMatch(/migrate record 2/);
  });

  test.each([null, at(null), at(1), at(2)])("may get some otherwise", (database) => {
    expect(guardRollback(view(database), "blue")).toMatchObject({ kind: "pass" });
  });

  test("is told of the contract that is due, where it is ahead of the schema", () => {
    const due = unfit({ database: at(2) }, { from: 3, to: 3 }, "release 3");
    expect(due).toMatchObject({ code: "SCHEMA_UNFIT" });
    expect(due?.hint).toMatch(/`bluegreen retire` or `bluegreen migrate contract`/);
    const past = unfit({ database: at(3) }, { from: 1, to: 2 }, "release 1");
    expect(past?.hint).toBe("deploy a release that works with schema 3");
  });

  test("is let through with a warning where it doesn't say", () => {
    const unknown = viewOf(deployed(held("blue", "1", null), { database: at(3) }));
    expect(guardActivation(unknown, "blue")).toMatchObject({ kind: "pass" });
    expect(undeclared(unknown, "blue")).toEqual([expect.stringMatching(/blue holds 1.+schema 3/)]);
    expect(undeclared(unknown, "green")).toEqual([]);
    expect(undeclared(viewOf(), "blue")).toEqual([]);
  });
});

describe("a person's word on the schema", () => {
  const says = (schema: number, replaces: Owner | null = null): Request => {
    return { kind: "RecordSchema", schema, replaces };
  };

  test("ends a step that was begun, and is kept among the steps", () => {
    const database = at(2, { pending: pendingOf(contract) });
    const view = { ...viewOf(deployed(null, { database })), nowMs: Date.parse(inMinutes(11)) };
    const next = after(view, says(3));
    const step = { kind: "recorded", to: 3, release: null, at: inMinutes(11) } as const;
    expect(next.database).toEqual(at(3, { steps: [step] }));
  });

  test.each([
    ["an expand", deploying(null, at(1, { pending: pendingOf(expand, bob) }))],
    ["a contract", deployed(null, { database: at(2, { pending: pendingOf(contract, bob) }) })],
  ])("waits for %s that may run, unless its owner is known to be dead", (_what, given) => {
    expect(codeOf(() => after(viewOf(given), says(1)))).toBe("CLAIMED");
    expect(codeOf(() => after(viewOf(given), says(1, alice)))).toBe("CLAIMED");
    expect(after(viewOf(given), says(1, bob)).database).toMatchObject({ schema: 1, pending: null });
  });

  test("keeps the newest steps only", () => {
    let view = viewOf();
    for (let schema = 0; schema < 50; schema += 1) {
      view = { ...view, record: after(view, says(schema)) };
    }
    expect(view.record.database?.steps.map(({ to }) => to)).toEqual(
      Array.from({ length: 20 }, (_, index) => 30 + index),
    );
  });
});
