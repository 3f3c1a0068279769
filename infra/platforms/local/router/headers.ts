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
/** What only somebody in front may say of a client; `x-forwarded-` stands for all that begin so. */
const claims = new Set(["forwarded", "x-real-ip"]);
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
  const headers = keepClaims(
    keep(facts.rawHeaders, dropped(notForwarded, facts.headers.connection)),
    !facts.edge,
  );
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

/**
 * Adds the color. Null when the body is coded for this hop by more than chunks: without the name of
 * the coding nobody could read it.
 */
export function rewriteReply(
  rawHeaders: readonly string[],
  reply: { readonly color: Color; readonly close: boolean; readonly cookie?: string | null },
): string[] | null {
  const coding = valueOf(rawHeaders, "transfer-encoding");
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") return null;
  const connection = valueOf(rawHeaders, "connection");
  const headers = keep(rawHeaders, dropped(notReturned, connection));
  headers.push(colorHeader, reply.color);
  if (reply.cookie) headers.push("set-cookie", reply.cookie);
  if (reply.close) headers.push("connection", "close");
  return headers;
}

/** Adds the color to a 101, and keeps what that needs. */
export function rewriteUpgrade(rawHeaders: readonly string[], color: Color): string[] {
  return [...keep(rawHeaders, new Set([colorHeader])), colorHeader, color];
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

/**
 * Many applications take `_` in a name for `-`: such a spelling of a claim would pass by whoever
 * checks claims, so it is dropped even where claims are believed.
 */
function keepClaims(headers: readonly string[], believed: boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const isAlias = name.includes("_");
    if ((believed && !isAlias) || !isClaim(name)) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

function isClaim(name: string): boolean {
  const plain = name.toLowerCase().replaceAll("_", "-");
  return claims.has(plain) || plain.startsWith("x-forwarded-");
}

/** `Connection` may nominate further headers; the usual values nominate none. */
function dropped(usual: ReadonlySet<string>, connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return usual;
  const tokens = connection.toLowerCase();
  if (tokens === "keep-alive" || tokens === "close") return usual;
  const nominated = tokens.split(",").map((token) => token.trim());
  return new Set([...usual, ...nominated.filter((token) => !neverNominated.has(token))]);
}

/** All values of a header, as one; undefined when there is none. */
function valueOf(rawHeaders: readonly string[], wanted: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    const value = rawHeaders[index + 1] ?? "";
    found = found === undefined ? value : `${found},${value}`;
  }
  return found;
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
