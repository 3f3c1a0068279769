/** Rewrites the heads of requests and replies as they pass the router. PURE. */

import type { IncomingHttpHeaders } from "node:http";

import type { Color } from "../../../model.ts";
import { colorHeader, previewHeader } from "../../../headers.ts";

/** What the router must know of a request's head besides its own rewriting. */
export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string | undefined;
  /** Where the client connected to: the host of a request that names none. */
  readonly localHost: string;
  /** True when the router itself ends TLS: then nobody in front may speak for the client. */
  readonly edge: boolean;
  readonly upgrade: boolean;
}

/** A request as it goes to an instance. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, in their order and case. */
  readonly headers: readonly string[];
  readonly hasBody: boolean;
  /** True when sending it twice does no harm and nothing of it can be lost. */
  readonly repeatable: boolean;
  readonly expectsContinue: boolean;
}

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
const notForwarded = new Set([
  ...hopByHop,
  "host",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);
const notReturned = new Set([...hopByHop, colorHeader]);
/** A `Connection` header can't ask to drop what frames the message. */
const neverNominated = new Set(["content-length", "host"]);

/** Null when the target or the framing is one that a reverse proxy can't pass on. */
export function rewriteRequest(facts: RequestFacts): RequestHead | null {
  const target = parseTarget(facts.url);
  const coding = facts.headers["transfer-encoding"]?.toLowerCase();
  if (target === null || (coding !== undefined && coding !== "chunked")) return null;
  const { method } = facts;
  const length = facts.headers["content-length"];
  const hasBody = coding !== undefined || (length !== undefined && Number(length) > 0);
  const headers = keep(facts.rawHeaders, dropped(notForwarded, facts.headers.connection));
  const host = target.host ?? facts.headers.host ?? facts.localHost;
  headers.push("host", host, ...forwardedHeaders(facts, host));
  if (coding !== undefined) headers.push("transfer-encoding", "chunked");
  if (facts.upgrade) headers.push("connection", "upgrade", "upgrade", facts.headers.upgrade ?? "");
  return {
    method,
    path: target.path,
    headers,
    hasBody,
    repeatable: !hasBody && (method === "GET" || method === "HEAD" || method === "OPTIONS"),
    expectsContinue: facts.headers.expect !== undefined,
  };
}

/** Adds the color; with `upgrade`, keeps what a 101 needs. */
export function rewriteReply(
  rawHeaders: readonly string[],
  reply: { readonly color: Color; readonly upgrade: boolean; readonly close: boolean },
): string[] {
  if (reply.upgrade) {
    return [...keep(rawHeaders, new Set([colorHeader])), colorHeader, reply.color];
  }
  const headers = keep(rawHeaders, dropped(notReturned, connectionOf(rawHeaders)));
  headers.push(colorHeader, reply.color);
  if (reply.close) headers.push("connection", "close");
  return headers;
}

/** The color that a request asks for; undefined when it asks for none. */
export function previewOf(headers: IncomingHttpHeaders): string | undefined {
  const value = headers[previewHeader];
  return Array.isArray(value) ? value.join() : value;
}

/** A flat list of names and values as pairs. */
export function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length >> 1 }, (_, index) => [
    flat[2 * index] ?? "",
    flat[2 * index + 1] ?? "",
  ]);
}

function keep(rawHeaders: readonly string[], drop: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (!drop.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] ?? "");
  }
  return kept;
}

/** `Connection` may nominate further headers; the usual values nominate none. */
function dropped(usual: ReadonlySet<string>, connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return usual;
  const tokens = connection.toLowerCase();
  if (tokens === "keep-alive" || tokens === "close") return usual;
  const nominated = tokens.split(",").map((token) => token.trim());
  return new Set([...usual, ...nominated.filter((token) => !neverNominated.has(token))]);
}

function connectionOf(rawHeaders: readonly string[]): string | undefined {
  let connection: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = rawHeaders[index + 1] ?? "";
    connection = connection === undefined ? value : `${connection},${value}`;
  }
  return connection;
}

/**
 * At the edge the client's own claims are dropped, as anybody can make them. Without TLS there may
 * be a load balancer in front: its word on host and scheme stands, and the chain of addresses grows.
 */
function forwardedHeaders(facts: RequestFacts, host: string): string[] {
  const client = (facts.clientAddress ?? "unknown").replace(/^::ffff:/, "");
  if (facts.edge) {
    return ["x-forwarded-for", client, "x-forwarded-host", host, "x-forwarded-proto", "https"];
  }
  const chain = oneOf(facts.headers["x-forwarded-for"]);
  return [
    "x-forwarded-for",
    chain === undefined ? client : `${chain}, ${client}`,
    "x-forwarded-host",
    oneOf(facts.headers["x-forwarded-host"]) ?? host,
    "x-forwarded-proto",
    oneOf(facts.headers["x-forwarded-proto"]) ?? "http",
  ];
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

/** An absolute target names the host itself; instances get the usual form. */
function parseTarget(url: string): { path: string; host: string | null } | null {
  if (url.startsWith("/") || url === "*") return { path: url, host: null };
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { pathname, search, host } = new URL(url);
  return { path: pathname + search, host };
}
