/** What decisions need of the settings of database migrations. Pure. */

import type { Settings } from "../../infra/config.ts";
import type { MigrationPolicy, PlannedStep } from "../rollout/migration-policy.ts";

export function migrationPolicy({
  migrations: { works, expand, contract },
}: Pick<Settings, "migrations">): MigrationPolicy {
  return { works, expand: planned(expand), contract: planned(contract) };
}

function planned(step: { readonly to: number; readonly timeoutMs: number } | null) {
  return step && ({ to: step.to, withinMs: step.timeoutMs } satisfies PlannedStep);
}
