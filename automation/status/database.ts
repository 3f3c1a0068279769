/** What is known of the database's schema, and which migration step is due. Pure. */

import type { Settings } from "../../infra/config.ts";
import type { Instant, MigrationKind, SchemaRange } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { databaseOf, describeStep, refuseStep } from "../../infra/rules/migration.ts";
import { formatRange, recordedAs } from "../../infra/rules/schema.ts";
import { migrationPolicy } from "../migrations/policy.ts";
import { dueContract, dueExpand } from "../rollout/migration.ts";

export interface DatabaseReport {
  /** Version of the schema; null: unknown. */
  readonly schema: number | null;
  /** How it got there; null where no step is known. */
  readonly reachedBy: { readonly kind: string; readonly at: Instant } | null;
  /** What the release that serves works with; null: it doesn't say. */
  readonly works: SchemaRange | null;
  /** A step that was begun and isn't known to be done. */
  readonly pending: {
    readonly kind: MigrationKind;
    readonly to: number;
    readonly at: Instant;
  } | null;
  /** The next step by the settings, and when it comes; null where none is due. */
  readonly due: {
    readonly kind: MigrationKind;
    readonly to: number;
    readonly sentence: string;
  } | null;
  readonly sentence: string;
}

/** Null where nobody has ever spoken of migrations. */
export function databaseReport(
  view: Observed,
  settings: Pick<Settings, "migrations">,
): DatabaseReport | null {
  const { record, colors } = view;
  const policy = migrationPolicy(settings);
  if (record.database === null && !policy.works && !policy.expand && !policy.contract) return null;
  const { schema, steps, pending } = databaseOf(record);
  const last = steps.at(-1) ?? null;
  const report = {
    schema,
    reachedBy: last && { kind: last.kind, at: last.at },
    works: (record.activeColor && colors[record.activeColor]?.works) ?? null,
    pending: pending && { kind: pending.kind, to: pending.to, at: pending.at },
    due: dueReport(view, settings),
  };
  return { ...report, sentence: sentenceOf(report) };
}

function dueReport(view: Observed, settings: Pick<Settings, "migrations">): DatabaseReport["due"] {
  const policy = migrationPolicy(settings);
  const expand = dueExpand(view.record, policy)?.step;
  if (expand) {
    return {
      ...expand,
      sentence: `${describeStep(expand)} is due: the next \`bluegreen deploy\` runs it`,
    };
  }
  const contract = dueContract(view.record, policy)?.step;
  if (!contract) return null;
  const refusal = refuseStep(view, contract);
  const { activeColor } = view.record;
  const idle = activeColor && view.colors[otherColor(activeColor)];
  const by = idle ? "`bluegreen retire`" : "`bluegreen migrate contract`";
  const when = refusal ? `not yet: ${refusal.message}; then ${by} runs it` : `${by} runs it`;
  return { ...contract, sentence: `${describeStep(contract)} is due: ${when}` };
}

function sentenceOf({
  schema,
  reachedBy,
  works,
  pending,
}: Pick<DatabaseReport, "schema" | "reachedBy" | "works" | "pending">): string {
  const at = schema === null ? "its schema isn't known" : `schema ${schema}`;
  const by = reachedBy ? ` (${reachedBy.kind} at ${reachedBy.at})` : "";
  const serves = works ? `; the active release works with ${formatRange(works)}` : "";
  if (!pending) return `${at}${by}${serves}`;
  const begun = `${describeStep(pending)} was begun at ${pending.at} and isn't known to be done`;
  const way = schema === null ? "" : `, or ${recordedAs(schema)} if it changed nothing`;
  return `${at}${by}${serves}; ${begun}: run it again${way}`;
}
