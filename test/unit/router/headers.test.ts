/** Heads as they are rewritten on their way. */

import { describe, expect, test } from "vitest";

import type { RequestFacts } from "../../../infra/platforms/local/router/headers.ts";
import { rewriteReply, rewriteRequest } from "../../../infra/platforms/local/router/headers.ts";

function factsOf(
  headers: Record<string, string>,
  change: Partial<RequestFacts> = {},
): RequestFacts {
  return {
    method: "GET",
    url: "/a?b",
    rawHeaders: Object.entries(headers).flat(),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    clientAddress: "::ffff:10.0.0.9",
    localHost: "127.0.0.1:80",
    edge: false,
    upgrade: false,
    ...change,
  };
}

describe("a request's head", () => {
  test("keeps names as they were written and drops what `Connection` nominates", () => {
    const head = rewriteRequest(
      factsOf({ Host: "a.test", "X-CaSe": "1", "X-Hop": "2", Connection: "close, X-Hop" }),
    );
    expect(head?.headers).toEqual([
      ...["X-CaSe", "1", "host", "a.test"],
      ...["x-forwarded-for", "10.0.0.9", "x-forwarded-host", "a.test", "x-forwarded-proto", "http"],
    ]);
  });

  test("never lets `Connection` drop the length of a body", () => {
    const head = rewriteRequest(
      factsOf({ "Content-Length": "3", Connection: "content-length" }, { method: "POST" }),
    );
    expect(head?.headers.slice(0, 2)).toEqual(["Content-Length", "3"]);
  });

  test("believes a load balancer in front, unless the router itself ends TLS", () => {
    const claims = { "x-forwarded-proto": "https", "x-forwarded-host": "shop" };
    const behind = rewriteRequest(factsOf(claims))?.headers.join();
    expect(behind).toContain("x-forwarded-host,shop,x-forwarded-proto,https");
    const edge = rewriteRequest(factsOf(claims, { edge: true }))?.headers.join();
    expect(edge).toContain("x-forwarded-for,10.0.0.9,x-forwarded-host,127.0.0.1:80");
  });

  test.each([
    { method: "GET", headers: {}, repeatable: true },
    { method: "HEAD", headers: {}, repeatable: true },
    { method: "OPTIONS", headers: { "content-length": "0" }, repeatable: true },
    { method: "GET", headers: { "content-length": "1" }, repeatable: false },
    { method: "GET", headers: { "transfer-encoding": "chunked" }, repeatable: false },
    { method: "POST", headers: {}, repeatable: false },
    { method: "DELETE", headers: {}, repeatable: false },
  ])("is repeatable or not: $method $headers", ({ method, headers, repeatable }) => {
    const plain = headers as Record<string, string>;
    expect(rewriteRequest(factsOf(plain, { method }))?.repeatable).toBe(repeatable);
  });

  test.each(["ftp://a/", "a.test:80", "", "http://"])("refuses the target %o", (url) => {
    expect(rewriteRequest(factsOf({}, { url }))).toBeNull();
  });

  test("keeps what an upgrade needs", () => {
    const head = rewriteRequest(
      factsOf({ Connection: "keep-alive, Upgrade", Upgrade: "websocket" }, { upgrade: true }),
    );
    expect(head?.headers.slice(-4)).toEqual(["connection", "upgrade", "upgrade", "websocket"]);
  });
});

describe("a reply's head", () => {
  const raw = ["Connection", "X-Hop", "X-Hop", "1", "Transfer-Encoding", "chunked", "X-A", "2"];
  const color = "blue" as const;

  test("names the color and loses hop-by-hop headers", () => {
    const headers = rewriteReply([...raw, "X-BlueGreen-Color", "green"], {
      color,
      close: false,
    });
    expect(headers).toEqual(["X-A", "2", "x-bluegreen-color", "blue"]);
  });

  test("ends the connection when asked to", () => {
    const headers = rewriteReply(raw, { color, close: true });
    expect(headers?.slice(-2)).toEqual(["connection", "close"]);
  });
});
