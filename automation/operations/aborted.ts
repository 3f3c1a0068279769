/** What `bluegreen abort` says it has ended. Pure. */

import type { RouterRecord } from "../../infra/model.ts";

/** By the record as it was before. */
export function aborted({ rollout }: Pick<RouterRecord, "rollout">): string {
  if (!rollout || rollout.phase === "hold") {
    return "there was nothing to end: no rollout is open, no color is claimed";
  }
  const { id, kind, color, version } = rollout;
  const what = kind === "deploy" ? `${version} into ${color}` : `a switch to ${color}`;
  return `${id} (${what}) is ended, ${color} is free again; what it holds stays for a look`;
}
