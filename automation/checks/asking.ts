/** Asks every instance of a color and once through the router's preview route. */

import { colorHeader, previewHeader } from "../../infra/headers.ts";
import type { Verdict } from "../../infra/model.ts";
import { isElsewhere, probe, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";
import { targetOf } from "../../infra/probe/target.ts";
import { inTurns } from "../../infra/probe/turns.ts";
import type { CheckContext } from "./check.ts";
import { head, quoted } from "./evidence.ts";
import type { Outcome } from "./finding.ts";

/** An HTTP check as the settings hold it. */
export interface Question {
  readonly path: string;
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
}

type Answer = Extract<ProbeResult, { kind: "answered" }>;

/** What else must be true of an allowed answer: a problem in words, or null. */
export type Demand = (answer: Answer) => string | null;

interface Way {
  readonly where: string;
  readonly loopback: boolean;
  readonly preview: boolean;
  ask(): Promise<ProbeResult>;
}

interface WayFinding extends Outcome {
  readonly preview: boolean;
  readonly elsewhere: boolean;
}

const maxAtOnce = 16;
const maxEvidence = 1_000;
const maxProblems = 3;

/** One attempt over all ways to the color. */
export async function askAll(
  question: Question,
  context: CheckContext,
  demand: Demand = () => null,
): Promise<Outcome> {
  const ways = [
    ...context.addresses.map((address) => instanceWay(question, context, address)),
    ...previewWays(question, context),
  ];
  const findings = await inTurns(ways, maxAtOnce, async (way) =>
    judgeAnswer({ way, question, color: context.color, demand }, await way.ask()),
  );
  return summaryOf(findings, `${context.color} GET ${question.path}`);
}

function instanceWay(question: Question, context: CheckContext, address: string): Way {
  return {
    where: address,
    loopback: targetOf({ address })?.loopback === true,
    preview: false,
    ask: () => probe({ ...question, address, signal: context.signal }),
  };
}

function previewWays(question: Question, { url, preview, color, signal }: CheckContext): Way[] {
  if (url === null || !preview) return [];
  const headers = { [previewHeader]: color };
  const target = targetOf({ url });
  return [
    {
      where: `${target?.origin ?? "the public address"} (preview of ${color})`,
      loopback: target?.loopback === true,
      preview: true,
      ask: () => probe({ ...question, url, headers, signal }),
    },
  ];
}

interface Judged {
  readonly way: Way;
  readonly question: Question;
  readonly color: string;
  readonly demand: Demand;
}

function judgeAnswer({ way, question, color, demand }: Judged, result: ProbeResult): WayFinding {
  const sentence = sentenceOf({ ...question, where: way.where }, result);
  const evidence = result.kind === "answered" ? head(result.body, maxEvidence) : "";
  const found = (verdict: Verdict, text = sentence, elsewhere = false): WayFinding => {
    return { verdict, sentence: text, evidence, preview: way.preview, elsewhere };
  };
  if (result.kind !== "answered") {
    const elsewhere = isElsewhere(result, way);
    return found(elsewhere ? "inconclusive" : "fail", sentence, elsewhere);
  }
  const from = result.headers[colorHeader];
  if (way.preview && from !== undefined && from !== color) {
    // The route is wrong, so the answer says nothing about the color.
    return found("error", `${sentence}, but from ${quoted(from)}`);
  }
  if (!result.allowed) return found("fail");
  const problem = demand(result);
  return problem === null ? found("pass") : found("fail", `${sentence} but ${problem}`);
}

/**
 * Where no instance can be reached from here, the preview route alone is judged; an instance that
 * can't be reached while others can makes the check inconclusive.
 */
function summaryOf(findings: readonly WayFinding[], subject: string): Outcome {
  const instances = findings.filter(({ preview }) => !preview);
  const previews = findings.filter(({ preview }) => preview);
  const allAway = instances.every(({ elsewhere }) => elsewhere);
  const judged = allAway && previews.length > 0 ? previews : findings;
  for (const verdict of ["fail", "error", "inconclusive"] as const) {
    const bad = judged.filter((finding) => finding.verdict === verdict);
    if (bad.length > 0) return { verdict, sentence: listed(bad), evidence: bad[0]?.evidence ?? "" };
  }
  if (judged.length === 0) {
    return { verdict: "inconclusive", sentence: `${subject}: nobody could be asked`, evidence: "" };
  }
  const reached = instances.length - instances.filter(({ elsewhere }) => elsewhere).length;
  const parts = [
    ...(instances.length > 0 ? [`${reached} of ${instances.length} instances`] : []),
    ...(previews.length > 0 ? ["the preview route"] : []),
  ];
  const unasked = reached < instances.length ? " (the others can't be reached from here)" : "";
  const sentence = `${subject}: passed by ${parts.join(" and ")}${unasked}`;
  return { verdict: "pass", sentence, evidence: judged[0]?.evidence ?? "" };
}

function listed(bad: readonly WayFinding[]): string {
  const shown = bad.slice(0, maxProblems).map(({ sentence }) => sentence);
  const rest = bad.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}
