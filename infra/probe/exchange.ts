/** One request with a deadline for the whole exchange, on a fresh or a kept connection. */

import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as sendPlain } from "node:http";
import { request as sendSecure } from "node:https";
import type { ProbeConnection } from "./connection.ts";
import { unreachable, unreachableBy } from "./failure.ts";
import { guardedLookup, refusalOf } from "./refused-host.ts";
import type { ProbeResult } from "./result.ts";
import { targetOf } from "./target.ts";
import type { Asked, Target } from "./target.ts";

export type ProbeRequest = Asked & {
  /** Default GET. */
  readonly method?: "GET" | "HEAD" | "POST";
  /** Sent as the request's body; its type is one of the headers. */
  readonly body?: string;
  /** Path with its query; absent: the URL's own. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for everything: name, connection, whole answer. */
  readonly timeoutMs: number;
  /** Status codes that count as allowed; default 200. */
  readonly statuses?: readonly number[];
  /** Bytes of the body that are kept; a longer answer is cut and counts as complete. */
  readonly bodyCap?: number;
  /** Absent: a connection of its own, closed after the answer. */
  readonly connection?: ProbeConnection;
  /** Ends the probe before its time; the result is then a timeout. */
  readonly signal?: AbortSignal;
};

const defaultBodyCap = 64 * 1024;
const hiddenHeaders = new Set(["set-cookie", "set-cookie2"]);

/** Follows no redirect, asks no metadata address. A self-signed certificate is accepted from loopback addresses only. */
export function probe(request: ProbeRequest): Promise<ProbeResult> {
  const target = targetOf(request);
  if (target === null) {
    return Promise.resolve(unreachable("nothing", "the address isn't an http or https URL"));
  }
  const refusal = refusalOf(target.host);
  if (refusal !== null) return Promise.resolve(unreachable("nothing", refusal));
  try {
    const send = target.secure ? sendSecure : sendPlain;
    return exchange(send(optionsOf(request, target)), request);
  } catch (error) {
    // Node refuses invalid paths and headers before anything is sent.
    const reason = error instanceof Error ? error.message : String(error);
    return Promise.resolve(unreachable("nothing", reason));
  }
}

function optionsOf(request: ProbeRequest, target: Target): RequestOptions {
  const { connection } = request;
  const kept = target.secure ? connection?.secure : connection?.plain;
  const trust = { rejectUnauthorized: !target.loopback };
  return {
    host: target.host,
    port: target.port,
    lookup: guardedLookup,
    method: request.method ?? "GET",
    path: request.path ?? target.path,
    headers: { "user-agent": "bluegreen-probe", accept: "*/*", ...request.headers },
    agent: kept ?? false,
    ...(target.secure ? trust : {}),
  };
}

function exchange(outgoing: ClientRequest, request: ProbeRequest): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  let connected = false;
  let answer: IncomingMessage | null = null;
  let settled = false;
  const settle = (result: ProbeResult) => {
    settled = true;
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", giveUp);
    resolve(result);
  };
  const giveUp = () => {
    if (settled) return;
    settle({ kind: "timeout", connected, ms: elapsed(), ...begun(answer) });
    outgoing.destroy();
  };
  // An answer that came while the event loop was busy is read before time is called.
  const timer = setTimeout(() => setImmediate(giveUp), request.timeoutMs);
  outgoing.on("socket", (socket) => {
    connected = !socket.connecting;
    if (socket.connecting) socket.once("connect", () => (connected = true));
  });
  outgoing.on("response", (response) => {
    answer = response;
    void readAnswer(response, request, elapsed).then((result) => {
      settle(result);
      if (result.kind === "answered" && result.truncated) outgoing.destroy();
    });
  });
  // The listener stays after the result: errors of a connection being destroyed end here.
  outgoing.on("error", (error) => {
    settle(unreachableBy(error));
  });
  outgoing.on("close", () => {
    if (answer === null)
      settle(unreachable("server", "the connection was closed without an answer"));
  });
  if (request.signal?.aborted) giveUp();
  else request.signal?.addEventListener("abort", giveUp, { once: true });
  outgoing.end(request.body);
  return promise;
}

function readAnswer(
  response: IncomingMessage,
  { statuses = [200], bodyCap = defaultBodyCap }: ProbeRequest,
  elapsed: () => number,
): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = () => {
    const body = Buffer.concat(chunks).subarray(0, bodyCap).toString("utf8");
    const allowed = statuses.includes(status);
    const headers = headersOf(response);
    const truncated = size > bodyCap;
    resolve({ kind: "answered", status, allowed, headers, body, truncated, ms: elapsed() });
  };
  response.on("data", (chunk: Buffer) => {
    if (size > bodyCap) return;
    chunks.push(chunk);
    size += chunk.length;
    if (size > bodyCap) finish();
  });
  response.on("end", finish);
  response.on("error", (error) => {
    resolve({ ...unreachableBy(error), ...begun(response) });
  });
  return promise;
}

/** What is known of an answer that didn't come to its end. */
function begun(answer: IncomingMessage | null): { readonly headers?: Record<string, string> } {
  return answer ? { headers: headersOf(answer) } : {};
}

function headersOf(response: IncomingMessage): Record<string, string> {
  const shown = Object.entries(response.headers).filter(([name]) => !hiddenHeaders.has(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
}
