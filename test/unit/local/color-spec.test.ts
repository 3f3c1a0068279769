/** What a color's spec makes of commands and environments, and which specs are refused. */

import { describe, expect, test } from "vitest";

import {
  commandOf,
  environmentOf,
  releaseKey,
} from "../../../infra/platforms/local/supervisor/color-spec.ts";
import type { ColorSpec } from "../../../infra/platforms/local/supervisor/color-spec.ts";
import { parseSpec } from "../../../infra/platforms/local/supervisor/spec-rules.ts";

const spec: ColorSpec = {
  schema: 1,
  color: "green",
  version: "2",
  digest: "sha256:0",
  releaseDir: "/srv/release",
  command: ["serve", "--port={port}", "{version}-{color}-{instance}"],
  env: { NAME: "web-{instance}", PORT: "1" },
  instances: 2,
  host: "127.0.0.1",
  health: { path: "/healthz", statuses: [200], timeoutMs: 500, intervalMs: 1000 },
  startMs: 5000,
  drainMs: 1000,
  rolloutId: "r1",
};
const place = { index: 1, port: 4242 };

describe("placeholders", () => {
  test("are filled in, in every part of the command", () => {
    expect(commandOf(spec, place)).toEqual(["serve", "--port=4242", "2-green-1"]);
  });

  test("leave all other braces as they are", () => {
    const command = ["{", "{}", "${port}", "{other}", '{"a":{port}}'];
    expect(commandOf({ ...spec, command }, place)).toEqual([
      "{",
      "{}",
      "${port}",
      "{other}",
      '{"a":4242}',
    ]);
  });

  test("are filled in once: a version may look like a placeholder", () => {
    const odd = { ...spec, version: "{port}$&", command: ["{version}"] };
    expect(commandOf(odd, place)).toEqual(["{port}$&"]);
  });
});

test("the environment has the user's own PATH, and nothing of what runs bluegreen", () => {
  const base = {
    PATH: "/ours:/engine:/usr/bin",
    BLUEGREEN_ADDED_PATH: "/ours:/engine",
    BLUEGREEN_HOME: "/checkout",
    PULUMI_BACKEND_URL: "file:///state",
  };
  const seen = environmentOf(spec, place, base);
  expect(seen["PATH"]).toBe("/usr/bin");
  expect(Object.keys(seen).filter((name) => /^(BLUEGREEN|PULUMI)_/.test(name))).toEqual([]);
});

test("{node} is the Node.js that bluegreen runs on", () => {
  expect(commandOf({ ...spec, command: ["{node}", "x.ts"] }, place)[0]).toBe(process.execPath);
});

test("the environment is a short list, the spec's own, and what names the instance", () => {
  const base = { PATH: "/bin", LC_ALL: "C", AWS_SECRET_ACCESS_KEY: "x", NODE_OPTIONS: "y" };
  expect(environmentOf(spec, place, base)).toEqual({
    PATH: "/bin",
    LC_ALL: "C",
    NAME: "web-1",
    PORT: "4242",
    HOST: "127.0.0.1",
    VERSION: "2",
    COLOR: "green",
    INSTANCE: "1",
  });
});

test("instances are replaced for another release, not for another size or health check", () => {
  const key = releaseKey(spec);
  const health = { ...spec.health, path: "/other" };
  expect(releaseKey({ ...spec, instances: 5, health, rolloutId: "r2", startMs: 1 })).toBe(key);
  expect(releaseKey({ ...spec, digest: "sha256:1" })).not.toBe(key);
  expect(releaseKey({ ...spec, command: ["other"] })).not.toBe(key);
  expect(releaseKey({ ...spec, env: {} })).not.toBe(key);
});

describe("a spec", () => {
  test("is taken as it is when it is right", () => {
    expect(parseSpec(spec)).toEqual(spec);
  });

  test("is refused with all of its problems", () => {
    const health = { ...spec.health, path: "healthz" };
    const wrong = { ...spec, command: [], instances: 0, host: "0.0.0.0", health };
    expect(() => parseSpec(wrong)).toThrow(
      expect.objectContaining({
        code: "SETTINGS_INVALID",
        details: [
          expect.stringMatching(/^local\.command/),
          expect.stringMatching(/^local\.instances/),
          expect.stringMatching(/^local\.host/),
          expect.stringMatching(/^local\.health\.path: must start with \//),
        ] as string[],
      }) as Error,
    );
  });

  test("is refused with a NUL byte in an argument", () => {
    expect(() => parseSpec({ ...spec, command: ["a", "b\0"] })).toThrow(/isn't valid/);
  });
});
