/** Asks a webhook, again while it says that it isn't done, and judges what it says. */

import type { Clock } from "../../infra/clock.ts";
import { formatDuration } from "../../infra/duration.ts";
import { probe, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";
import { jsonAt, parsedJson } from "../../infra/probe/json.ts";
import { targetOf } from "../../infra/probe/target.ts";
import type { Attempted } from "../checks/attempts.ts";
import { maxEvidence } from "../checks/way.ts";
import { hiding, partsOfAddress } from "../../infra/hidden-values.ts";
import { head, quoted } from "../report/safe-text.ts";
import { signedHeaders } from "./signature.ts";

export interface Asking {
  readonly url: string;
  readonly secret: string;
  /** JSON. */
  readonly body: string;
  /** The same for each repeat of the same piece of work. */
  readonly idempotencyKey: string;
  /** For the answer that isn't "in progress" any more. */
  readonly timeoutMs: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How the work that it is asked about was ended meanwhile; null while it goes on. */
  readonly ended: () => Promise<string | null>;
}

/** Bytes of an answer that are read. */
const bodyCap = 64 * 1024;
/** Before it is asked again, where it doesn't say how long. */
const callBackMs = 5_000;
const minCallBackMs = 100;
const good = Array.from({ length: 100 }, (_, index) => 200 + index);

/** Follows no redirect, asks no metadata address. */
export async function askWebhook(asking: Asking, around: Surroundings): Promise<Attempted> {
  const { clock, signal } = around;
  const endMs = clock.now() + asking.timeoutMs;
  for (let leftMs = asking.timeoutMs; leftMs > 0; leftMs = endMs - clock.now()) {
    const result = await send(asking, leftMs, around);
    const said = judge(asking, result);
    if ("verdict" in said) return said;
    await clock.sleep(Math.min(said.againMs, Math.max(1, endMs - clock.now())), signal);
    const ended = await around.ended();
    if (ended !== null) return { verdict: "fail", sentence: ended, evidence: "", final: true };
  }
  const { origin } = placeOf(asking);
  const sentence = `${origin} was still in progress after ${formatDuration(asking.timeoutMs)}`;
  return { verdict: "fail", sentence, evidence: "" };
}

/** The path may hold a token, so it is never shown. */
export function placeOf({ url }: Pick<Asking, "url">): { readonly origin: string } {
  return { origin: targetOf({ url })?.origin ?? "the webhook" };
}

function send(
  { url, secret, body, idempotencyKey }: Asking,
  timeoutMs: number,
  { clock, signal }: Pick<Surroundings, "clock" | "signal">,
): Promise<ProbeResult> {
  const headers = {
    ...signedHeaders(body, { secret, nowMs: clock.now() }),
    "content-type": "application/json",
    "idempotency-key": idempotencyKey,
    "user-agent": "bluegreen",
  };
  return probe({ url, method: "POST", body, headers, timeoutMs, statuses: good, bodyCap, signal });
}

function judge(asking: Asking, result: ProbeResult): Attempted | { readonly againMs: number } {
  const { origin } = placeOf(asking);
  const asked = { where: origin, method: "POST", path: "/…", statuses: ["2xx"] };
  const sentence = sentenceOf(asked, result);
  if (result.kind !== "answered") return { verdict: "error", sentence, evidence: "" };
  const hide = hiding([asking.secret, ...partsOfAddress(asking.url)]);
  const evidence = head(hide(result.body), maxEvidence);
  if (!result.allowed) return { verdict: "fail", sentence, evidence };
  if (result.truncated) {
    const long = `${sentence} with more than 64 KB, which isn't read`;
    return { verdict: "error", sentence: long, evidence: "" };
  }
  const document = documentIn(result);
  if (document === unreadable) {
    const broken = `${sentence} with JSON that can't be read`;
    return { verdict: "error", sentence: broken, evidence };
  }
  const status = jsonAt(document, "hookStatus");
  if (status === "SUCCEEDED") return { verdict: "pass", sentence, evidence };
  if (status === undefined) return withoutStatus(document, { sentence, evidence });
  if (status === "IN_PROGRESS") return { againMs: delayIn(document) };
  const word = typeof status === "string" ? status : JSON.stringify(status);
  const said = `${sentence} and says hookStatus ${quoted(hide(word))}`;
  const failed = status === "FAILED";
  return { verdict: failed ? "fail" : "error", sentence: said, evidence, final: failed };
}

const unreadable = Symbol("unreadable");

/** What it says as JSON; undefined where it says nothing or speaks to people. */
function documentIn({ headers, body }: ProbeResult & { kind: "answered" }): unknown {
  const text = body.replace(/^\uFEFF/, "").trim();
  if (text === "") return undefined;
  const named = /^application\/([\w.-]+\+)?json\b/i.test(headers["content-type"] ?? "");
  const document = parsedJson(text);
  return document === undefined && (named || /^[{[]/.test(text)) ? unreadable : document;
}

/** The HTTP status decides alone, but never unsaid, nor where a status was meant. */
function withoutStatus(
  document: unknown,
  { sentence, evidence }: { readonly sentence: string; readonly evidence: string },
): Attempted {
  const single: unknown = Array.isArray(document) ? document[0] : document;
  const keys = typeof single === "object" && single !== null ? Object.keys(single) : [];
  const meant = keys.find((key) => key.toLowerCase().replaceAll(/[_-]/g, "") === "hookstatus");
  if (meant !== undefined) {
    const where = Array.isArray(document) ? "within a list" : "in another spelling";
    const unclear = `${sentence} and says ${quoted(meant)} ${where}, not hookStatus`;
    return { verdict: "error", sentence: unclear, evidence };
  }
  const noted = document === undefined ? "" : "; its JSON says no hookStatus, so the status counts";
  return { verdict: "pass", sentence: `${sentence}${noted}`, evidence };
}

/** In seconds there, as a number. */
function delayIn(document: unknown): number {
  const seconds = jsonAt(document, "callBackDelay");
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return callBackMs;
  return Math.max(minCallBackMs, seconds * 1_000);
}
