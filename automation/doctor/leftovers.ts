/** What updates that were cut short left behind in a stack's state. Pure. */

import * as z from "zod";
import { problem } from "./finding.ts";
import type { Finding } from "./finding.ts";

const resource = z.object({ urn: z.string(), initErrors: z.array(z.string()).nullish() });

const exported = z.object({
  deployment: z
    .object({
      resources: z.array(resource).nullish(),
      pending_operations: z.array(z.object({ resource, type: z.string() })).nullish(),
    })
    .nullish(),
});

/** `state` is what `pulumi stack export` prints. */
export function leftoversOf(stack: string, state: string): readonly Finding[] {
  const { deployment } = exported.parse(JSON.parse(state));
  const pending = (deployment?.pending_operations ?? []).map(({ type, resource: { urn } }) => {
    const sentence = `${stack}: ${type} ${nameOf(urn)} was cut short`;
    return problem("leftovers", sentence, "`bluegreen up` looks at what is there and clears it");
  });
  const halfMade = (deployment?.resources ?? []).flatMap(({ urn, initErrors }) => {
    const [first] = initErrors ?? [];
    if (first === undefined) return [];
    const sentence = `${stack}: ${nameOf(urn)} is half made: ${first.split("\n")[0] ?? ""}`;
    return [problem("leftovers", sentence, "`bluegreen deploy` or `bluegreen up` mends it")];
  });
  return [...pending, ...halfMade];
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
