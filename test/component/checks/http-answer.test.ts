/** What the check `http` demands of an answer, and what it sends. */

import type { IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import { opaqueSecret } from "../../../infra/config.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { Servers } from "../probe/servers.ts";
import { httpCheck, subject } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

interface Served {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly delayMs?: number;
}

/** Runs the check against one instance that answers so. */
async function checked(over: Partial<CheckOf<"http">>, served: Served = {}) {
  const seen: IncomingMessage[] = [];
  const { status = 200, headers = {}, body = "ok", delayMs = 0 } = served;
  const { address } = await servers.http((request, response) => {
    seen.push(request);
    setTimeout(() => response.writeHead(status, headers).end(body), delayMs);
  });
  const [finding] = await runChecks([httpCheck(over)], subject({ addresses: [address] }));
  return { finding, seen, address };
}

test("sends its headers, also by the preview route", async () => {
  const seen: (string | undefined)[] = [];
  const { address, url } = await servers.http((request, response) => {
    seen.push(request.headers.authorization, request.headers["x-bluegreen-preview"] as string);
    response.end();
  });
  const check = httpCheck({ headers: { authorization: "Bearer t0ken-t0ken" } });
  const [finding] = await runChecks([check], subject({ addresses: [address], url }));
  expect(finding?.verdict).toBe("pass");
  expect(seen.toSorted()).toEqual(["Bearer t0ken-t0ken", "Bearer t0ken-t0ken", "green", undefined]);
});

test("hides the values of its headers in all that it shows, also without their scheme", async () => {
  const token = `t0ken-${"x".repeat(120)}`;
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ got: token, whole: `Bearer ${token}` });
  const { finding } = await checked({ headers, json: { got: "nothing" } }, { body });
  expect(finding).toMatchObject({ verdict: "fail", evidence: '{"got":"***","whole":"***"}' });
  expect(finding?.sentence).toContain('has "***" at "got"');
  const away = await checked({ headers }, { status: 302, headers: { location: `/l/${token}` } });
  expect(JSON.stringify(away.finding)).not.toContain("t0ken");
});

test("isn't run with the stand-in of a secret that can't be read", async () => {
  const { finding, seen } = await checked({ headers: { "x-key": opaqueSecret } });
  expect(finding).toMatchObject({ verdict: "error", attempts: 0 });
  expect(seen).toEqual([]);
});

test("asks with HEAD where it is told to", async () => {
  const { finding, seen, address } = await checked({ method: "HEAD" }, { status: 404 });
  expect(seen[0]?.method).toBe("HEAD");
  expect(finding?.sentence).toBe(`${address} HEAD /healthz answered 404, 200 expected`);
});

test("follows no redirect, and says where it leads, without what may be secret in it", async () => {
  const location = "http://user:hunter2@127.0.0.1:1/login?next=/&token=hunter2#x";
  const served = { status: 302, headers: { location } };
  const { finding, seen, address } = await checked({}, served);
  expect(finding).toMatchObject({
    verdict: "fail",
    sentence:
      `${address} GET /healthz answered 302, 200 expected; ` +
      `it leads to "http://127.0.0.1:1/login", and redirects aren't followed`,
  });
  expect(seen).toHaveLength(1);
  expect((await checked({ statuses: [302] }, served)).finding?.verdict).toBe("pass");
});

test("passes an answer that has all that is asked for", async () => {
  const wanted = { contentType: "application/json", contains: '"ready"', withinMs: 900 };
  const json = { state: "ready", "/db/open": true, "/db/pool/0": 3, none: "null" };
  const body = '{"state":"ready","db":{"open":true,"pool":[3]},"none":null}';
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  expect((await checked({ ...wanted, json }, { body, headers })).finding?.verdict).toBe("pass");
});

test.each<[string, Partial<CheckOf<"http">>, Served, string]>([
  [
    "another content type",
    { contentType: "text/html" },
    { headers: { "content-type": "text/plain" } },
    'is "text/plain", text/html expected',
  ],
  [
    "no content type",
    { contentType: "text/html" },
    {},
    "is of no content type, text/html expected",
  ],
  [
    "a body without the text",
    { contains: "Welcome" },
    { body: "Oops" },
    `doesn't contain "Welcome"`,
  ],
  [
    "another value in JSON",
    { json: { "/db/state": "up" } },
    { body: '{"db":{"state":"down"}}' },
    'has "down" at "/db/state", "up" expected',
  ],
  ["no value in JSON", { json: { "/db/state": "up" } }, { body: '{"db":[]}' }, "has nothing at"],
  ["a map where a value should be", { json: { db: "up" } }, { body: '{"db":{}}' }, "has a map at"],
  [
    "a list where a value should be",
    { json: { db: "up" } },
    { body: '{"db":[]}' },
    "has a list at",
  ],
  [
    "a body that isn't JSON",
    { json: { db: "up" } },
    { body: "<html>" },
    "answered 200 but isn't JSON",
  ],
  [
    "too long a body for JSON",
    { json: { db: "up" } },
    { body: `"${"x".repeat(2 ** 20)}"` },
    "is longer than 1 MB",
  ],
  [
    "the text behind the first megabyte",
    { contains: "end" },
    { body: `${"x".repeat(2 ** 20)}end` },
    `doesn't contain "end" in its first 1 MB`,
  ],
])("fails on %s", async (_, over, served, part) => {
  const { finding } = await checked(over, served);
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toContain(part);
});

test("names several problems of one answer at once", async () => {
  const { finding } = await checked({ contains: "a", json: { b: 1 } }, { body: "{}" });
  expect(finding?.sentence).toMatch(/doesn't contain "a" and has nothing at "b", "1" expected$/);
});

test("says of a right answer that came too late that it was too slow", async () => {
  const { finding } = await checked({ withinMs: 50 }, { delayMs: 120 });
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/answered 200 but was too slow: it took \d+ ms, 50ms allowed$/);
});

test("passes once an answer comes in time", async () => {
  let asked = 0;
  const { address } = await servers.http((_, response) => {
    asked += 1;
    setTimeout(() => response.end(), asked === 1 ? 400 : 0);
  });
  const check = httpCheck({ withinMs: 300, retries: 3 });
  const [finding] = await runChecks([check], subject({ addresses: [address] }));
  expect(finding).toMatchObject({ verdict: "pass", attempts: 2 });
});

test.each(["169.254.169.254:80", "[fd00:ec2::254]:80", "100.100.100.200:80", "[fe80::1]:80"])(
  "asks nothing of %s, where credentials may be had",
  async (address) => {
    const [finding] = await runChecks([httpCheck()], subject({ addresses: [address] }));
    expect(finding?.verdict).toBe("fail");
    expect(finding?.sentence).toMatch(/it isn't asked, since .* is a (cloud metadata|link-local)/);
  },
);
