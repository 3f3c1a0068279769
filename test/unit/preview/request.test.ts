/** Which colors' stacks a preview of the settings file speaks of, beside the router's. */

import { expect, test } from "vitest";
import { handPreviews } from "../../../automation/preview/request.ts";
import type { HandPreview } from "../../../automation/preview/request.ts";
import { parseSettingsFile } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { RouterRecord } from "../../../infra/model.ts";
import { byHand, perColor } from "../../../infra/model.ts";
import type { Platform } from "../../../infra/platform.ts";
import { local } from "../../../infra/platforms/local/index.ts";
import { claimOf, rolloutOf } from "../rules/views.ts";
import { servedByBlue, viewOf } from "./facts-of.ts";

const settings = parseSettingsFile(
  "config:\n  bluegreen:environment: dev\n  bluegreen:local:\n    command: [node]\n",
  "Pulumi.dev.yaml",
);

/** Makes a release of the same version with this digest, as files that were edited would. */
function freezingAs(digest: (version: string) => string): Platform {
  return {
    ...local,
    freeze: (_settings, { version }) =>
      Promise.resolve({ release: { version, digest: digest(version) }, spec: null }),
  };
}

const edited = freezingAs(() => "sha256:edited");
const unchanged = freezingAs((version) => `sha256:${version.repeat(12)}`);

function previewsOf(
  platform: Platform,
  record: Partial<RouterRecord> = {},
  version: string | null = null,
) {
  const view = viewOf({ record: { ...servedByBlue, ...record } });
  const outputs = { router: {}, colors: perColor((color) => ({ ...view.colors[color] })) };
  const named = { ...settings, version };
  return handPreviews({ settings: named, revealed: named, platform, outputs, view });
}

function kinds(found: readonly HandPreview[]): readonly string[] {
  return found.map(({ color, kind }) => `${color} ${kind}`);
}

test("edited files of a color that nobody claimed are no refusal, and of the serving one a note", async () => {
  const found = await previewsOf(edited);
  expect(kinds(found)).toEqual(["blue left", "green left"]);
  const notes = found.map((each) => each.kind === "left" && each.note);
  expect(notes).toEqual([expect.stringContaining("blue stays as it is while it serves"), null]);
});

test("colors that would stay what they are, or only grow, are asked of the engine", async () => {
  expect(kinds(await previewsOf(unchanged))).toEqual(["blue wanted", "green wanted"]);
});

test("a color that a person has claimed is asked for, also where it is refused", async () => {
  const id = `${byHand}-1`;
  const claimed = {
    rollout: rolloutOf("provision", { id }),
    claim: claimOf({ rolloutId: id, until: "2030-05-01T13:00:00.000Z" }),
  };
  expect(kinds(await previewsOf(edited, claimed, "3"))).toEqual(["blue left", "green wanted"]);
  const [, unnamed] = await previewsOf(edited, claimed);
  expect(unnamed).toMatchObject({ facts: { error: { code: "SETTINGS_INVALID" } } });
  const pin = { digest: "sha256:edited", version: "2", reason: "it fails", by: "ann" };
  const pinned = { ...claimed, pins: [{ ...pin, at: "2030-05-01T11:00:00.000Z", until: null }] };
  const [, green] = await previewsOf(edited, pinned, "2");
  expect(green).toMatchObject({ kind: "judged", facts: { error: { code: "RELEASE_PINNED" } } });
});

test("what is wrong with the settings themselves is told for every color", async () => {
  const broken: Platform = {
    ...local,
    freeze: () => Promise.reject(new BlueGreenError("SETTINGS_INVALID", "no such folder")),
  };
  expect(kinds(await previewsOf(broken))).toEqual(["blue judged", "green judged"]);
});
