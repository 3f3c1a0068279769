/** A plain update gives a release no version that nobody wrote for it. */

import { expect, test } from "vitest";
import { judgeColor } from "../../../infra/color-program.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Platform } from "../../../infra/platform.ts";
import type { ColorRequest } from "../../../infra/rules/request.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import { claimOf, nowMs, outputsOf, recordOf, rolloutOf } from "../rules/views.ts";

const id = byHandId(nowMs);
const record = recordOf({
  claim: claimOf({ rolloutId: id }),
  rollout: rolloutOf("provision", { id }),
});
const obey: ColorRequest = { kind: "Obey" };

/** Green holds release 1 and is claimed by hand; the files on disk have this digest. */
function judge({ version, digest, asked = obey }: Given) {
  const platform: Partial<Platform> = {
    size: () => 2,
    freeze: (_settings, frozen) =>
      Promise.resolve({ release: { version: frozen.version, digest }, spec: null }),
  };
  const settings = parseSettings({
    environment: "dev",
    platform: "local",
    local: JSON.stringify({ command: ["application", "{port}"] }),
    ...(version === undefined ? {} : { version }),
  });
  const current = outputsOf("green", "1");
  const view = { color: "green", environment: "dev", record, current, nowMs } as const;
  return judgeColor({ settings, platform: platform as Platform, view, asked, store: false });
}

interface Given {
  readonly version?: string;
  readonly digest: string;
  readonly asked?: ColorRequest;
}

test("changed files aren't filled in under the version of what the color holds", async () => {
  await expect(judge({ digest: "sha-changed" })).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    message: "bluegreen:version isn't set, and what would fill green isn't its 1 any more",
  });
});

test("the same release needs no name", async () => {
  const { plan } = await judge({ digest: "sha-1" });
  expect(plan?.frozen.release).toEqual({ version: "1", digest: "sha-1" });
});

test("changed files are filled in under the version that the file names", async () => {
  const { plan } = await judge({ version: "2", digest: "sha-changed" });
  expect(plan?.frozen.release.version).toBe("2");
});
