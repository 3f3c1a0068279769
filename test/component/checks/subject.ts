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
    ...over,
  };
}

const attempts = { timeoutMs: 1_000, retries: 0, deadlineMs: 3_000 };

export function httpCheck(over: Partial<CheckOf<"http">> = {}): CheckOf<"http"> {
  return { kind: "http", name: "healthy", path: "/healthz", statuses: [200], ...attempts, ...over };
}

export function versionCheck(over: Partial<CheckOf<"version">> = {}): CheckOf<"version"> {
  const places = { json: null, header: null, expect: null };
  return { kind: "version", name: "right one", path: "/version", ...places, ...attempts, ...over };
}

/** Runs a Node.js script. */
export function scriptCheck(
  script: string,
  over: Partial<CheckOf<"command">> = {},
): CheckOf<"command"> {
  const argv = [process.execPath, "-e", script];
  return { kind: "command", name: "smoke", argv, env: {}, timeoutMs: 5_000, ...over };
}
