/** Sends one request to a target and tells whether another attempt could help. */

import { probe, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";
import { jsonAt, parsedJson } from "../../infra/probe/json.ts";
import { targetOf } from "../../infra/probe/target.ts";
import { hiding } from "../../infra/hidden-values.ts";
import { quoted } from "../report/safe-text.ts";

/** It couldn't be told; the sentence holds no secret. */
export class NotTold extends Error {
  /** Milliseconds to wait at least before another attempt; null: none would help. */
  readonly againMs: number | null;

  constructor(sentence: string, againMs: number | null) {
    super(sentence);
    this.name = "NotTold";
    this.againMs = againMs;
  }
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Never shown, wherever they come back. */
  readonly secrets: readonly string[];
  /** What of the path may be shown. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

type Answered = Extract<ProbeResult, { kind: "answered" }>;

export interface Reply {
  readonly status: number;
  /** Undefined where it isn't JSON. */
  readonly document: unknown;
  /** How it is named in sentences. */
  readonly where: string;
  readonly headers: Readonly<Record<string, string>>;
}

const bodyCap = 256 * 1024;
const good = Array.from({ length: 100 }, (_, index) => 200 + index);

/**
 * Follows no redirect, asks no metadata address.
 * @throws NotTold where the status isn't 2xx
 */
export async function post(request: Post): Promise<Reply> {
  const { url, path, secrets, signal, timeoutMs, body } = request;
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "bluegreen",
    ...request.headers,
  };
  const result = await probe({
    ...{ url, method: "POST", body, headers, timeoutMs, statuses: good, bodyCap, signal },
  });
  const where = targetOf({ url })?.origin ?? "the target";
  const asked = { where, method: "POST", path, statuses: ["2xx"] };
  const sentence = sentenceOf(asked, result);
  if (result.kind !== "answered") {
    throw new NotTold(sentence, signal.aborted || neverSent(result) ? null : 0);
  }
  const document = parsedJson(result.body);
  const { status } = result;
  if (result.allowed) return { status, document, where, headers: result.headers };
  const hide = hiding(secrets);
  const message = jsonAt(document, "message");
  const said = typeof message === "string" ? `: ${quoted(hide(message))}` : "";
  throw new NotTold(`${sentence}${said}`, againAfter(result));
}

/** An address or a header that no attempt makes valid. */
function neverSent(result: ProbeResult): boolean {
  return result.kind === "unreachable" && result.reached === "nothing";
}

/** GitHub says 403 for its limits as well, and names the time then. */
function againAfter({ status, headers }: Answered): number | null {
  const waitMs = retryAfterMs(headers);
  if (status === 429 || status === 408 || status >= 500) return waitMs ?? 0;
  return status === 403 ? waitMs : null;
}

/** In seconds there; null where it doesn't say. */
export function retryAfterMs(headers: Readonly<Record<string, string>>): number | null {
  const seconds = Number(headers["retry-after"] ?? "none");
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}
