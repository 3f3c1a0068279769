/** What is told to others of a rollout: one piece of news each time something changes. Data only. */

import type { RolloutSummary } from "../event.ts";

/** How a rollout stands; of those that need a person's eye each is told as an alert. */
export type Standing =
  | "running"
  | "waiting"
  | "done"
  | "aborted"
  | "stopped"
  | "inconclusive"
  | "rolledBack"
  | "stuck"
  | "routerDown";

export const incidents: ReadonlySet<Standing> = new Set(["rolledBack", "stuck", "routerDown"]);

export interface News {
  /** The same whenever the same is told of a rollout; nobody is told one twice. */
  readonly key: string;
  readonly standing: Standing;
  /** Null: something happened outside of any rollout that is known. */
  readonly rollout: RolloutSummary | null;
  /** True where this run works on the rollout itself. */
  readonly own: boolean;
  /** May hold words of applications and people. */
  readonly sentence: string;
  /** Who runs the command, for instance "ann on build-3". */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export function isAlert({ standing }: Pick<News, "standing">): boolean {
  return incidents.has(standing);
}
