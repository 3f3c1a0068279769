/** Which copies of releases stay after a color was emptied or is held. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import type { Color, ColorOutputs } from "../../../infra/model.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { tidyReleases } from "../../../infra/platforms/local/tidy.ts";

const settings = parseSettings({
  environment: "dev",
  application: "shop",
  claim: "5m",
  local: JSON.stringify({ command: ["serve"] }),
});
let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "tidy-"));
  vi.stubEnv("XDG_STATE_HOME", state);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(state, { recursive: true, force: true });
});

const digest = (digit: number): string => String(digit).repeat(64);

function copies(...digits: readonly number[]): void {
  for (const digit of digits) {
    const dir = join(placeOf(settings).releases, digest(digit));
    mkdirSync(dir, { recursive: true });
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(dir, longAgo, longAgo);
  }
}

function holding(color: Color, spec: unknown): ColorOutputs {
  const release = { version: "1", digest: "sha256:release" };
  const rest = { addresses: [], rolloutId: "r-1", size: 1, given: false };
  return { schema: 1, color, release, ...rest, spec };
}

function left(): readonly string[] {
  return readdirSync(placeOf(settings).releases).sort();
}

test("what both colors run stays, the rest goes", async () => {
  copies(1, 2, 3, 4);
  const blue = holding("blue", { filesDigest: `sha256:${digest(2)}` });
  const green = holding("green", { filesDigest: `sha256:${digest(4)}` });
  await tidyReleases(settings, () => Promise.resolve({ blue, green }));
  expect(left()).toEqual([digest(2), digest(4)]);
});

test("nobody is asked while there are no more than the colors may hold", async () => {
  copies(1, 2);
  const asked = (): Promise<never> => Promise.reject(new Error("asked"));
  expect(await tidyReleases(settings, asked)).toEqual([]);
  expect(left()).toEqual([digest(1), digest(2)]);
});

test("nothing goes where a color doesn't say what it runs", async () => {
  copies(1, 2, 3);
  const blue = holding("blue", "[secret]");
  const tidied = tidyReleases(settings, () => Promise.resolve({ blue, green: null }));
  await expect(tidied).rejects.toMatchObject({ code: "RECORD_BROKEN" });
  expect(left()).toHaveLength(3);
});
