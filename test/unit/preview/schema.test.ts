/** What a preview says of the database's schema. */

import { expect, test } from "vitest";
import { simulate } from "../../../automation/preview/simulation.ts";
import { summarize } from "../../../automation/preview/summarize.ts";
import type { MigrationPolicy } from "../../../automation/rollout/migration-policy.ts";
import type { Database } from "../../../infra/model.ts";
import { deploy, factsOf } from "./facts-of.ts";
import { servedByBlue, viewOf } from "../status/view-of.ts";
import { alice } from "../rules/views.ts";

const migrations: MigrationPolicy = {
  works: { from: 1, to: 3 },
  expand: { to: 2, withinMs: 60_000 },
  contract: null,
};

function guards(database: Database | null, policy: MigrationPolicy | null) {
  const view = viewOf({ record: { ...servedByBlue, database } });
  const simulation = simulate({
    goal: deploy("3"),
    policy: {
      claimMs: 60_000,
      rollbackWindowMs: 1_800_000,
      quietMs: 0,
      size: 2,
      gate: "automatic",
      gateMs: 0,
      hooks: [],
      steps: [],
      ...(policy && { migrations: policy }),
    },
    self: { owner: alice, rolloutId: "r-preview", isDead: () => false },
    view,
    file: { declared: { activeColor: "blue", generation: 4 }, name: "Pulumi.dev.yaml" },
  });
  const summary = summarize(factsOf({ asked: { kind: "deploy", version: "3" }, view, simulation }));
  return { summary, schema: summary.guards.find(({ guard }) => guard === "schema") };
}

const at = (schema: number): Database => ({ schema, steps: [], pending: null });

test("that an expand runs before the release, as a step of the plan", () => {
  const { summary, schema } = guards(at(1), migrations);
  const sentence = "the database: it is at schema 1; expand to schema 2 runs before the release";
  expect(schema).toMatchObject({ result: "pass", sentence });
  const steps = summary.steps.map((step) => step.replace(/^(\w+).*/, "$1"));
  expect(steps.slice(0, 5)).toEqual(["claim", "begin", "expand", "expand", "provision"]);
});

test("where it is, and nothing where nobody has ever spoken of it", () => {
  expect(guards(at(2), migrations).schema?.sentence).toBe("the database: it is at schema 2");
  expect(guards(null, null).schema).toBeUndefined();
});

test("that the release doesn't work with it", () => {
  const policy = { ...migrations, works: { from: 1, to: 2 } };
  const { summary, schema } = guards(at(3), policy);
  expect(summary.outcome).toBe("refused");
  expect(schema).toMatchObject({ result: "refused", code: "SCHEMA_UNFIT" });
});
