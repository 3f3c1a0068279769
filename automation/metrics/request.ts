/** Asks a metric's server over HTTP for JSON; what goes wrong is said without the secrets in it. */

import { probe, sentenceOf } from "../../infra/probe.ts";
import { parsedJson } from "../../infra/probe/json.ts";
import { targetOf } from "../../infra/probe/target.ts";
import { quoted } from "../report/safe-text.ts";
import { hiding } from "../../infra/hidden-values.ts";

export interface JsonRequest {
  readonly url: string;
  /** Their values are never shown. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type JsonAnswer = { readonly document: unknown } | { readonly error: string };

/** Bytes of an answer that are read; a longer one is an error. */
const bodyCap = 1024 * 1024;

/** Never rejects. Follows no redirect, asks no metadata address. */
export async function askJson({
  url,
  headers,
  timeoutMs,
  signal,
}: JsonRequest): Promise<JsonAnswer> {
  const result = await probe({ url, headers, timeoutMs, signal, bodyCap });
  const where = targetOf({ url })?.origin ?? "the server";
  const hide = hiding([...Object.values(headers), ...queryOf(url)]);
  if (result.kind !== "answered" || !result.allowed) {
    // A query may be long and an address may hold a token: only the path is told.
    const path = URL.parse(url)?.pathname ?? "/";
    const said = result.kind === "answered" ? saidIn(result.body) : "";
    const sentence = sentenceOf({ where, path, statuses: [200] }, result);
    return { error: hide(`${sentence}${said}`) };
  }
  if (result.truncated) return { error: `${where} answered with more than 1 MB` };
  const document = parsedJson(result.body);
  return document === undefined ? { error: `the answer of ${where} isn't JSON` } : { document };
}

/** A token may stand there, and a server may quote it. */
function queryOf(url: string): readonly string[] {
  return [...(URL.parse(url)?.searchParams.values() ?? [])];
}

/** Prometheus and many others say in `error` what is wrong. */
function saidIn(body: string): string {
  const document = parsedJson(body);
  if (typeof document !== "object" || document === null || !("error" in document)) return "";
  return typeof document.error === "string" ? `: ${quoted(document.error)}` : "";
}
