/** The check `capacity`: the color has as many ready instances as the active one serves with. */

import type { CheckOf } from "../../infra/config.ts";
import { head } from "../report/safe-text.ts";
import type { Capacity, CapacityEqual, CheckKindOf } from "./check.ts";
import type { Outcome } from "./finding.ts";
import { maxEvidence } from "./way.ts";

type AtLeast = CheckOf<"capacity">["atLeast"];

export const capacityCheck: CheckKindOf<"capacity"> = {
  kind: "capacity",
  describe: ({ atLeast }) => {
    if (typeof atLeast === "number") return `at least ${atLeast} instances are ready`;
    const share = atLeast === null ? "as many" : `${atLeast} of as many`;
    return `${share} instances are ready as the active color has`;
  },
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: async ({ atLeast }, { color, capacity }) => judgeCapacity(atLeast, color, await capacity()),
};

export function judgeCapacity(
  atLeast: AtLeast,
  color: string,
  { target, equal }: Capacity,
): Outcome {
  const { ready, total, reachable, problems } = target;
  const evidence = head(problems.join("\n"), maxEvidence);
  if (!reachable) {
    const sentence = `the instances of ${color} can't be reached from here`;
    return { verdict: "inconclusive", sentence, evidence };
  }
  const count = `${ready} of ${total} instances of ${color} are ready`;
  const needed = neededBy(atLeast, equal);
  if (needed === null) {
    const sentence = `${count}, but how many stand behind an address isn't known: set atLeast to a number`;
    return { verdict: "inconclusive", sentence, evidence };
  }
  const sentence = `${count}, ${needed.count} needed${needed.why}`;
  return { verdict: ready >= needed.count ? "pass" : "fail", sentence, evidence };
}

function neededBy(
  atLeast: AtLeast,
  equal: CapacityEqual | null,
): { readonly count: number; readonly why: string } | null {
  if (typeof atLeast === "number") return { count: atLeast, why: "" };
  if (equal === null) return null;
  const { size, color } = equal;
  const has = color === null ? `${size} configured` : `${size} of ${color}`;
  const hundredths = atLeast === null ? 100 : Number.parseInt(atLeast, 10);
  const count = Math.max(1, Math.ceil((size * hundredths) / 100));
  return { count, why: atLeast === null ? `: ${has}` : `: ${atLeast} of the ${has}` };
}
