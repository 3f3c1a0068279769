/** What checks get in these tests: the color green with release 2, unless told otherwise. */

import type { CheckSubject } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";

export function subject(over: Partial<CheckSubject> = {}): CheckSubject {
  return {
    color: "green",
    version: "2",
    addresses: [],
    url: null,
    preview: true,
    cwd: import.meta.dirname,
    env: process.env,
    metrics: [],
    capacity: () => Promise.reject(new Error("nobody counts instances here")),
    ...over,
  };
}

const runs = { timeoutMs: 5_000, retries: 0, deadlineMs: 0 };
const attempts = { timeoutMs: 1_000, retries: 0, deadlineMs: 3_000 };

export function httpCheck(over: Partial<CheckOf<"http">> = {}): CheckOf<"http"> {
  const asked = { path: "/healthz", method: "GET", headers: {}, statuses: [200] } as const;
  const wanted = { contentType: null, contains: null, json: {}, withinMs: 0 };
  return { kind: "http", name: "healthy", ...asked, ...wanted, ...attempts, ...over };
}

export function healthCheck(over: Partial<CheckOf<"health">> = {}): CheckOf<"health"> {
  const asked = { path: "/health", headers: {}, require: [] };
  return { kind: "health", name: "all well", ...asked, ...attempts, ...over };
}

export function tcpCheck(over: Partial<CheckOf<"tcp">> = {}): CheckOf<"tcp"> {
  const talk = { port: null, send: null, expect: null };
  return { kind: "tcp", name: "port", ...talk, ...attempts, ...over };
}

export function customCheck(over: Partial<CheckOf<"custom">> = {}): CheckOf<"custom"> {
  return { kind: "custom", name: "own", file: "check.ts", env: {}, ...runs, ...over };
}

export function versionCheck(over: Partial<CheckOf<"version">> = {}): CheckOf<"version"> {
  const places = { json: null, header: null, expect: null };
  return { kind: "version", name: "right one", path: "/version", ...places, ...attempts, ...over };
}

/** 20 requests in 0.2 s. */
export function loadCheck(over: Partial<CheckOf<"load">> = {}): CheckOf<"load"> {
  const sent = { paths: ["/"], headers: {}, ratePerSecond: 100, forMs: 200, concurrency: 16 };
  const wanted = { errors: 0, withinMs: 0, quantile: 0.99 };
  return { kind: "load", name: "burst", ...sent, ...wanted, ...runs, ...over };
}

export function metricCheck(over: Partial<CheckOf<"metric">> = {}): CheckOf<"metric"> {
  const limits = { atMost: 10, atLeast: null };
  return { kind: "metric", name: "lag", metric: "lag", ...limits, deadlineMs: 3_000, ...over };
}

export function capacityCheck(over: Partial<CheckOf<"capacity">> = {}): CheckOf<"capacity"> {
  const wanted = { atLeast: null, retries: 0, deadlineMs: 3_000 };
  return { kind: "capacity", name: "large enough", ...wanted, ...over };
}

/** Runs a Node.js script. */
export function scriptCheck(
  script: string,
  over: Partial<CheckOf<"command">> = {},
): CheckOf<"command"> {
  const argv = [process.execPath, "-e", script];
  return { kind: "command", name: "smoke", argv, env: {}, ...runs, ...over };
}
