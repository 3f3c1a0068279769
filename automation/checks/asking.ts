/** Asks every instance of a color and once through the router's preview route. */

import { colorHeader, previewHeader } from "../../infra/headers.ts";
import type { Verdict } from "../../infra/model.ts";
import { isElsewhere, probe, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";
import { targetOf } from "../../infra/probe/target.ts";
import { inTurns } from "../../infra/probe/turns.ts";
import { hiding } from "../../infra/hidden-values.ts";
import type { CheckContext } from "./check.ts";
import { head, quoted } from "../report/safe-text.ts";
import type { Outcome } from "./finding.ts";
import { maxAtOnce, maxEvidence, summaryOf } from "./way.ts";
import type { WayFinding } from "./way.ts";

/** An HTTP check as the settings hold it. */
export interface Question {
  readonly path: string;
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
  readonly method?: "GET" | "HEAD";
  /** Their values are never shown. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyCap?: number;
}

export type Answer = Extract<ProbeResult, { kind: "answered" }>;

/** What an answer says beyond its status: why it fails, or what is worth telling of a pass. */
export interface Said {
  readonly verdict: "pass" | "fail";
  readonly text: string;
}

/** Puts what an answer holds into a sentence: short, safe to print, without the check's secrets. */
export type Quote = (text: string) => string;

/** Looks at an answer of any status; null where there is nothing to say. */
export type Demand = (answer: Answer, quote: Quote) => Said | null;

interface Way {
  readonly where: string;
  readonly loopback: boolean;
  readonly preview: boolean;
  ask(): Promise<ProbeResult>;
}

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
  const hide = hiding(Object.values(question.headers ?? {}));
  const findings = await inTurns(ways, maxAtOnce, async (way) =>
    judgeAnswer({ way, question, color: context.color, demand, hide }, await way.ask()),
  );
  const subject = `${context.color} ${question.method ?? "GET"} ${question.path}`;
  return summaryOf(findings, subject);
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
  const headers = { ...question.headers, [previewHeader]: color };
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
  readonly hide: (text: string) => string;
}

function judgeAnswer(judged: Judged, result: ProbeResult): WayFinding {
  const { way, question, color, demand, hide } = judged;
  const { preview } = way;
  const sentence = sentenceOf({ ...question, where: way.where }, result);
  const evidence = result.kind === "answered" ? head(hide(result.body), maxEvidence) : "";
  const found = (verdict: Verdict, text = sentence, remark = ""): WayFinding => {
    return { verdict, sentence: hide(text), evidence, preview, elsewhere: false, remark };
  };
  if (result.kind !== "answered") {
    const elsewhere = isElsewhere(result, way);
    return { ...found(elsewhere ? "inconclusive" : "fail"), elsewhere };
  }
  const from = result.headers[colorHeader];
  if (preview && from !== undefined && from !== color) {
    // The route is wrong, so the answer says nothing about the color.
    return found("error", `${sentence}, but from ${quoted(from)}`);
  }
  const quote: Quote = (text) => quoted(hide(text));
  const said = redirection(result, quote) ?? demand(result, quote);
  if (!result.allowed) {
    return found("fail", said?.verdict === "fail" ? `${sentence}; ${said.text}` : sentence);
  }
  if (said?.verdict === "fail") return found("fail", `${sentence} but ${said.text}`);
  return found("pass", sentence, hide(said?.text ?? ""));
}

/** Where a redirect leads that isn't an allowed answer; without what may be a secret in it. */
function redirection({ allowed, status, headers }: Answer, quote: Quote): Said | null {
  const location = headers["location"];
  if (allowed || status < 300 || status > 399 || location === undefined) return null;
  const shown = quote(location.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//"));
  return { verdict: "fail", text: `it leads to ${shown}, and redirects aren't followed` };
}
