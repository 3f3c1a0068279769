/** The servers of the bench are found, named with their versions, or asked for. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { findProgram, missingSentence, versionIn } from "../../../../bench/proxy/programs.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ["nginx version: nginx/1.22.1\n", "1.22.1"],
  ["nginx version: nginx/1.24.0 (Ubuntu)", "1.24.0"],
  ["HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", "2.6.12-1+deb12u4"],
  ["HA-Proxy version 2.2.9-2+deb11u6 2023/12/10", "2.2.9-2+deb11u6"],
  ["no such thing", null],
])("%j tells %s", (output, version) => {
  expect(versionIn(output)).toBe(version);
});

test("a missing program is named with the command that installs it", () => {
  expect(missingSentence(["nginx"])).toBe(
    "nginx isn't on this machine. Install with: " +
      "sudo apt-get install --no-install-recommends nginx",
  );
  expect(missingSentence(["nginx", "haproxy"])).toBe(
    "nginx and haproxy aren't on this machine. Install with: " +
      "sudo apt-get install --no-install-recommends nginx haproxy",
  );
});

test("a program is found on PATH when it can be run, and only then", () => {
  const folder = mkdtempSync(join(tmpdir(), "bg-"));
  try {
    const path = join(folder, "bluegreen-bench-server");
    writeFileSync(path, "");
    vi.stubEnv("PATH", folder);
    expect(findProgram("bluegreen-bench-server")).toBeNull();
    chmodSync(path, 0o755);
    expect(findProgram("bluegreen-bench-server")).toBe(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
