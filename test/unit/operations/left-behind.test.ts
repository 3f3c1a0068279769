/** The line at the end of `bluegreen down`: what is left, where, and how it goes. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { leftBehind } from "../../../automation/operations/left-behind.ts";

interface Given {
  readonly owner?: "user" | "bluegreen";
  readonly settings?: string;
  /** Files in the backend's folder of stacks. */
  readonly stacks?: readonly string[];
}

function left({ owner = "bluegreen", settings = "config:\n", stacks = [] }: Given = {}) {
  const root = mkdtempSync(join(tmpdir(), "bluegreen-left-"));
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const folder = join(root, "bluegreen", "shop");
  const state = join(folder, "pulumi-state");
  for (const name of ["project", ...stacks]) {
    mkdirSync(join(state, ".pulumi/stacks", name, ".."), { recursive: true });
  }
  for (const name of stacks) writeFileSync(join(state, ".pulumi/stacks", name), "{}");
  const settingsFile = join(root, "Pulumi.dev.yaml");
  writeFileSync(settingsFile, settings);
  const backend = { owner, url: pathToFileURL(state).href };
  const departed = { application: "shop", backend, settings: { environment: "dev" }, settingsFile };
  return { folder, sentence: leftBehind(departed, { XDG_STATE_HOME: root }) };
}

test("bluegreen's own state is named in one line, with the command that removes it", () => {
  const { folder, sentence } = left({ stacks: ["shop/dev.json.bak"] });
  expect(sentence).toBe(
    `left are state, passphrase, logs and copies of releases: rm -r '${folder}'`,
  );
});

test("what was encrypted by the passphrase goes with it", () => {
  const { sentence } = left({ settings: "config:\nencryptionsalt: v1:abc\n" });
  expect(sentence).toMatch(/take encryptionsalt and secrets out of the settings files$/);
});

test.each(["shop/prod.json", "shop/prod-green.json", "other/prod.json.gz"])(
  "the state isn't to be removed while another environment is in it: %s",
  (stack) => {
    const { folder, sentence } = left({ stacks: [stack] });
    expect(sentence).toContain(`${folder} stays for prod; `);
    expect(sentence).toContain(`rm -r '${join(folder, "environments", "dev")}'`);
    expect(sentence).not.toContain(`rm -r '${folder}'`);
  },
);

test("of a backend that is the user's own nothing is said", () => {
  expect(left({ owner: "user" }).sentence).toBeNull();
});
