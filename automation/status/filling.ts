/** A color whose stack tells of the past: it is being filled, or that ended before its end. Pure. */

import type { Color } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Contents } from "../../infra/platform.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { isUnfinished } from "../../infra/rules/claim.ts";
import { describeOwner } from "../../infra/rules/owner.ts";
import { head, quoted } from "../report/safe-text.ts";

export interface FillingReport {
  /**
   * `filling`: its rollout is open. `ended`: it failed, or somebody gave it up. `claimed`: nothing
   * was begun, and what its stack says runs in it as before.
   */
  readonly state: "filling" | "ended" | "claimed";
  /** Null where nobody knows any more. */
  readonly version: string | null;
  /** What is true of it, as a clause without the color's name. */
  readonly sentence: string;
}

/** True where what the color's stack says isn't there any more. */
export function tellsOfThePast(filling: FillingReport | null): filling is FillingReport {
  return filling !== null && filling.state !== "claimed";
}

/** Longest text of an application that is quoted. */
const maxText = 300;

/** Null where the color holds what its stack says, and nobody has claimed it. */
export function fillingOf(
  { record, colors }: Observed,
  color: Color,
  contents: Contents | null,
): FillingReport | null {
  if (!isUnfinished(record, color, colors[color])) return null;
  const { rollout, claim } = record;
  const id = rollout?.id ?? claim?.rolloutId;
  const whole = colors[color];
  if (whole && contents?.rolloutId === whole.rolloutId) {
    const { version } = whole.release;
    return { state: "claimed", version, sentence: `${claimOf(record)}; still holds ${version}` };
  }
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

/** Whose claim it is, or was: it stays as a mark until the color is filled. */
function claimOf({ rollout, claim }: Observed["record"]): string {
  if (!rollout) return "was claimed, and nothing came of it";
  return `claimed ${isByHand(rollout.id) ? "by hand " : ""}by ${describeOwner(claim?.owner ?? null)}`;
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
