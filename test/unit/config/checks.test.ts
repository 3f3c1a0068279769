import { describe, expect, test } from "vitest";

import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

function checkOf(check: object) {
  return parseSettings({ ...minimal, checks: JSON.stringify([check]) }).checks[0];
}

/** The one line by which a check is refused. */
function lineOf(check: object): string {
  const raw = { ...minimal, checks: JSON.stringify([check]) };
  const { details } = refusalOf(() => parseSettings(raw));
  expect(details).toHaveLength(1);
  return details[0] ?? "";
}

describe("each kind of check", () => {
  const attempts = { timeoutMs: 2_000, retries: 2, deadlineMs: 30_000 };
  const runs = { timeoutMs: 30_000, retries: 0, deadlineMs: 0 };

  test.each([
    [
      { kind: "http", path: "/" },
      {
        ...{ kind: "http", name: "http /", path: "/", method: "GET", headers: {}, statuses: [200] },
        ...{ contentType: null, contains: null, json: {}, withinMs: 0, ...attempts },
      },
    ],
    [
      { kind: "health", require: ["db"] },
      {
        ...{ kind: "health", name: "health /health", path: "/health", headers: {} },
        ...{ require: ["db"], ...attempts },
      },
    ],
    [
      { kind: "tcp" },
      {
        ...{ kind: "tcp", name: "tcp to the instances", port: null, send: null, expect: null },
        ...attempts,
      },
    ],
    [
      { kind: "load", paths: ["/", "/products"] },
      {
        ...{ kind: "load", name: "load / /products", paths: ["/", "/products"], headers: {} },
        ...{ ratePerSecond: 20, forMs: 10_000, concurrency: 16, errors: 0 },
        ...{ withinMs: 0, quantile: 0.99, timeoutMs: 2_000, retries: 0, deadlineMs: 0 },
      },
    ],
    [
      { kind: "capacity" },
      {
        ...{ kind: "capacity", name: "capacity of the color", atLeast: null },
        ...{ retries: 2, deadlineMs: 30_000 },
      },
    ],
    [
      { kind: "command", argv: ["smoke"] },
      { kind: "command", name: "command smoke", argv: ["smoke"], env: {}, ...runs },
    ],
    [
      { kind: "custom", file: "./checks/orders.ts" },
      {
        ...{ kind: "custom", name: "custom ./checks/orders.ts", file: "./checks/orders.ts" },
        ...{ env: {}, ...runs },
      },
    ],
  ])("has its defaults: %j", (written, complete) => {
    expect(checkOf(written)).toEqual(complete);
  });

  test("may be asked in full", () => {
    const json = { state: "ready", "/db/open": true, "/db/pool": 3 };
    const check = { kind: "http", path: "/", contentType: "application/json", within: "1s", json };
    expect(checkOf(check)).toMatchObject({ json, withinMs: 1_000 });
    expect(checkOf({ kind: "tcp", port: 6379, send: "PING\r\n", expect: "+PONG" })).toMatchObject({
      name: "tcp to port 6379",
      send: "PING\r\n",
    });
  });

  test("may carry a host for the application to tell by, but is sent to the instances only", () => {
    const headers = { Host: "shop.example", "X-Level": "deep" };
    expect(checkOf({ kind: "http", path: "/", headers })).toMatchObject({ headers });
    expect(lineOf({ kind: "http", url: "http://elsewhere/", path: "/" })).toContain(
      "checks[0].url: is an unknown key",
    );
  });
});

describe("a check is refused", () => {
  const http = { kind: "http", path: "/" };
  const tcp = { kind: "tcp" };
  const load = { kind: "load", paths: ["/"] };
  const metric = { kind: "metric", metric: "lag" };

  test.each<[object, string]>([
    [{ ...http, method: "POST" }, `method = "POST": is unknown; write "GET" or "HEAD"`],
    [{ ...http, contain: "x" }, "contain: is an unknown key; write bluegreen:checks[0].contains"],
    [{ ...http, withn: "1s" }, "withn: is an unknown key; write bluegreen:checks[0].within"],
    [
      { kind: "health", requires: ["db"] },
      "requires: is an unknown key; write bluegreen:checks[0].require",
    ],
    [{ kind: "helth" }, `checks[0].kind = "helth": is unknown; write "health"`],
    [
      { ...http, method: "HEAD", contains: "x" },
      "gets answers without a body, and the body is to be looked at; write GET, or leave out",
    ],
    [{ ...http, method: "HEAD", json: { a: 1 } }, "gets answers without a body"],
    [{ ...http, within: "2s" }, "isn't shorter than the timeout, which ends every attempt; write"],
    [{ ...http, deadline: "1s" }, 'deadline = "1s": is over before the timeout of one attempt'],
    [
      { ...http, contentType: "json" },
      `contentType = "json": doesn't have the right form; write a`,
    ],
    [{ ...http, contains: "" }, 'contains = "": is empty'],
    [{ ...http, json: { a: { b: 1 } } }, "json.a: isn't one value; write a text, a number, true"],
    [{ ...http, json: { a: null } }, "json.a = null: isn't one value"],
    [{ ...http, headers: { "a b": "x" } }, `isn't a header's name; use letters`],
    [
      { ...http, headers: { a: "x\r\nb: y" } },
      "headers.a = [secret]: has a value with line breaks",
    ],
    [{ ...http, headers: { A: "x", a: "y" } }, "is there twice, in another case; keep one"],
    [{ ...http, headers: { "x-bluegreen-preview": "blue" } }, "is a header that checks set by"],
    [{ ...http, headers: { "Transfer-Encoding": "chunked" } }, "is a header that checks set by"],
    [{ ...tcp, port: 0 }, "port = 0: is less than 1; write a whole number from 1 to 65535"],
    [{ ...tcp, host: "10.0.0.1" }, "checks[0].host: is an unknown key"],
    [{ kind: "load" }, "paths: is missing; write a list of paths"],
    [{ ...load, paths: [] }, "paths = []: is empty"],
    [{ ...load, url: "http://elsewhere/" }, "url: is an unknown key"],
    [{ ...load, method: "POST" }, "method: is an unknown key"],
    [{ ...load, ratePerSecond: 1_001 }, "ratePerSecond = 1001: is more than 1000; write a whole"],
    [{ ...load, for: "301s" }, 'for = "301s": is longer than 5m; write a duration from 100ms to'],
    [{ ...load, for: "100ms", ratePerSecond: 5 }, "is so short that only 0 of 1 paths would be"],
    [{ ...load, errors: 1 }, "errors = 1: is more than 0.5; write a number from 0 to 0.5"],
    [{ ...load, within: "2s" }, "isn't shorter than the timeout, which ends every attempt; write"],
    [
      { ...load, deadline: "12s" },
      'deadline = "12s": is over before a burst and its last answers may be; write at least 13s',
    ],
    [metric, "atMost: is missing: nothing limits the value; write it, or atLeast"],
    [{ ...metric, atMost: 1, atLeast: 2 }, "atLeast = 2: is above atMost; write at most atMost"],
    [{ ...metric, atMost: 1 }, "is the name of no metric (bluegreen:metrics"],
    [
      { kind: "capacity", atLeast: 0.8 },
      "atLeast = 0.8: is neither a number of instances nor a share of them; write a whole number",
    ],
    [
      { kind: "capacity", atLeast: "0%" },
      "doesn't have the right form; write a whole number from 1 to 1000, or a share from 1% to",
    ],
    [{ kind: "command", argv: ["a"], deadline: "1s" }, 'deadline = "1s": is over before'],
    [{ kind: "custom" }, "file: is missing; write a file that ends in .ts, .mts, .js or .mjs"],
    [{ kind: "custom", file: "a.py" }, `file = "a.py": doesn't have the right form; write a file`],
  ])("for what can't be meant: %j", (check, part) => {
    expect(lineOf(check)).toContain(part);
  });
});

describe("a check of a metric", () => {
  const lag = { kind: "json", name: "lag", url: "http://127.0.0.1:1/", value: "lag", upper: 9 };
  const written = (check: object) => ({
    ...minimal,
    bake: JSON.stringify({ duration: "10m" }),
    metrics: JSON.stringify([lag]),
    checks: JSON.stringify([{ kind: "metric", atMost: 5, ...check }]),
  });
  const detailsOf = (check: object) => refusalOf(() => parseSettings(written(check))).details;

  test("reads one that the settings have", () => {
    expect(parseSettings(written({ metric: "lag" })).checks[0]).toEqual({
      ...{ kind: "metric", name: "metric lag", metric: "lag", atMost: 5, atLeast: null },
      deadlineMs: 30_000,
    });
  });

  test("is refused for one that they don't have, and is told the nearest", () => {
    expect(detailsOf({ metric: "lags" })).toEqual([
      'bluegreen:checks[0].metric = "lags": is the name of no metric (bluegreen:metrics); write "lag"',
    ]);
  });

  test("gives its source the time that it may take", () => {
    expect(detailsOf({ metric: "lag", deadline: "1s" })).toEqual([
      'bluegreen:checks[0].deadline = "1s": is over before the timeout of one reading ' +
        '(bluegreen:metrics[0].timeout = "5s", its default); write at least 5s',
    ]);
  });
});

describe("headers of a check", () => {
  const yaml = (...lines: readonly string[]) =>
    [
      "config:",
      "  bluegreen:environment: dev",
      "  bluegreen:local: {command: [node, server.ts]}",
      "  bluegreen:checks:",
      ...lines.map((line) => `    ${line}`),
      "",
    ].join("\n");

  test("may be secret, and stay closed in a file", () => {
    const text = yaml("- kind: http", "  path: /", "  headers: {x-key: {secure: v1:abc}}");
    const [check] = parseSettingsFile(text, "Pulumi.dev.yaml").checks;
    expect(check).toMatchObject({ headers: { "x-key": opaqueSecret } });
  });

  test("are the only part of such a check that may be", () => {
    const text = yaml("- kind: http", "  path: {secure: v1:abc}");
    expect(refusalOf(() => parseSettingsFile(text, "Pulumi.dev.yaml")).details.join()).toContain(
      "only `secret`, `token` and the values of `env`, `headers` and `secrets` can be secret",
    );
  });

  test("are never printed", () => {
    const check = { kind: "http", path: "/", headers: { "x-key": ["hunter2"], b: "hunter2\n" } };
    const raw = { ...minimal, checks: JSON.stringify([check]) };
    const { details } = refusalOf(() => parseSettings(raw));
    expect(details.join("\n")).not.toContain("hunter2");
    expect(details.length).toBeGreaterThan(0);
  });
});
