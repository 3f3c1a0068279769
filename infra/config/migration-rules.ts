/** What must fit together among the settings of database migrations. */

import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

type Rule = (settings: Settings) => readonly Problem[];

export const migrationRules: readonly { readonly rule: Rule; readonly reads: readonly Path[] }[] = [
  { rule: stepsStateTheRange, reads: [["migrations"]] },
  { rule: stepsLeaveWhatWorks, reads: [["migrations"]] },
  { rule: contractFollowsExpand, reads: [["migrations"]] },
];

function stepsStateTheRange({ migrations }: Settings): readonly Problem[] {
  const { works, expand, contract } = migrations;
  if (works || (!expand && !contract)) return [];
  const problem = "is missing: who migrates must say which schemas the release works with";
  const fix = "write { from: 1, to: 2 }, with the version before and after the step";
  return [{ path: ["migrations", "works"], problem, fix }];
}

function stepsLeaveWhatWorks({ migrations }: Settings): readonly Problem[] {
  const { works } = migrations;
  if (!works) return [];
  return (["expand", "contract"] as const).flatMap((kind) => {
    const to = migrations[kind]?.to;
    if (to === undefined || (to >= works.from && to <= works.to)) return [];
    const problem = "is a schema that this release doesn't work with";
    const fix = `write one from ${works.from} to ${works.to}, or widen migrations.works`;
    return [{ path: ["migrations", kind, "to"], problem, fix }];
  });
}

function contractFollowsExpand({ migrations: { expand, contract } }: Settings): readonly Problem[] {
  if (!expand || !contract || contract.to > expand.to) return [];
  const problem = "isn't above the schema that expand leaves, which comes first";
  return [{ path: ["migrations", "contract", "to"], problem, fix: "write a higher version" }];
}
