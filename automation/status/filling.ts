/** A color whose stack tells of the past: it is being filled, or that ended before its end. Pure. */

import type { Color } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Contents } from "../../infra/platform.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { isUnfinished } from "../../infra/rules/claim.ts";
import { head, quoted } from "../checks/evidence.ts";

export interface FillingReport {
  /** `filling`: its rollout is open. `ended`: it failed, or somebody gave it up. */
  readonly state: "filling" | "ended";
  /** Null where nobody knows any more. */
  readonly version: string | null;
  /** What is true of it, as a clause without the color's name. */
  readonly sentence: string;
}

/** Longest text of an application that is quoted. */
const maxText = 300;

/** Null where the color holds what its stack says. */
export function fillingOf(
  { record, colors }: Observed,
  color: Color,
  contents: Contents | null,
): FillingReport | null {
  if (!isUnfinished(record, color, colors[color])) return null;
  const { rollout, claim } = record;
  const id = rollout?.id ?? claim?.rolloutId;
  const own = contents?.rolloutId === id ? contents : null;
  const course = own ? `; ${courseOf(own)}` : "";
  if (rollout) {
    const { version } = rollout;
    const what = isByHand(rollout.id)
      ? "claimed to be filled by hand"
      : `being filled with ${version}`;
    return { state: "filling", version, sentence: `${what} (unfinished)${course}` };
  }
  if (!own) return { state: "ended", version: null, sentence: unknown(contents) };
  const end = own.crashLoop ? "failed" : "ended unfinished";
  const sentence = `filling with ${own.version} ${end}${course}`;
  return { state: "ended", version: own.version, sentence };
}

function unknown(contents: Contents | null): string {
  const now = contents ? `what runs in it is ${contents.version}` : "what is in it isn't known";
  return `its filling ended unfinished; ${now}`;
}

function courseOf(contents: Contents): string {
  const { ready, total, crashLoop, restarts, problem, lastLine } = contents;
  const because = problem === null ? "" : `: ${head(problem, maxText)}`;
  const last = lastLine === null ? "" : `, last line ${quoted(lastLine)}`;
  if (crashLoop && restarts === 0) return `it can't be started${because}${last}`;
  if (crashLoop) return `crash loop: ${restarts} restart${restarts === 1 ? "" : "s"}${last}`;
  const count = `${ready} of ${total} instances ${total === 1 ? "is" : "are"} ready`;
  return ready < total ? `${count}${because}${last}` : count;
}
