/** A rollback without a usable settings file: a real router, the real command, and no engine. */

import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { checkoutFolder } from "../../automation/engine/folders.ts";
import { findKeptSettings, forgetSettings, keepSettings } from "../../automation/kept-settings.ts";
import { parseSettingsFile } from "../../infra/config.ts";
import { placeOf } from "../../infra/platforms/local/place.ts";
import { askRouter, setRoutes, startRouter } from "../../infra/platforms/local/router/client.ts";
import { start } from "../support/project/command.ts";
import { endProcesses } from "../support/project/processes.ts";
import { freePort, routesTo, specOf, startInstance } from "./router/support.ts";

let root: string;
let file: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-kept-")));
  vi.stubEnv("XDG_STATE_HOME", join(root, "state"));
  mkdirSync(join(root, "project"));
  file = join(root, "project", "Pulumi.dev.yaml");
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true, force: true });
  });
});

function settingsOf(port: number): string {
  return (
    "config:\n  bluegreen:environment: dev\n  bluegreen:application: shop\n" +
    `  bluegreen:local: { port: ${port}, command: [node], env: { KEY: { secure: v1:x } } }\n` +
    "encryptionsalt: v1:abc\n"
  );
}

/** Serves green, and knows blue as where traffic came from. */
async function startServing(port: number): Promise<string> {
  const { router: dir } = placeOf(parseSettingsFile(settingsOf(port), file));
  const { pid } = await startRouter(specOf(dir, { port }));
  onTestFinished(() => endProcesses([pid]));
  const [blue, green] = await Promise.all([startInstance("blue"), startInstance("green")]);
  const attached = { blue: [blue.address], green: [green.address] };
  await setRoutes(dir, routesTo("green", attached, { former: "blue", generation: 2 }));
  return dir;
}

function rollBack() {
  const args = ["rollback", "--direct", "--write"];
  const env = {
    PATH: process.env["PATH"],
    HOME: root,
    XDG_STATE_HOME: join(root, "state"),
    BLUEGREEN_ENGINE: "/nowhere/pulumi",
  };
  const command = join(checkoutFolder, "bin", "bluegreen");
  return start({ file: command, args, cwd: join(root, "project"), env }).done;
}

test.each([
  ["missing", null],
  ["broken", "config: [\n"],
  ["wrong", "config:\n  bluegreen:environment: dev\n"],
])("goes back by the settings of the last update when the file is %s", async (_title, text) => {
  const port = await freePort();
  const dir = await startServing(port);
  expect(await keepSettings(file, settingsOf(port))).toBeNull();
  if (text !== null) writeFileSync(file, text);
  const run = await rollBack();
  expect(run, run.output).toMatchObject({ code: 0 });
  expect(run.stderr).toMatch(/without the settings file \(SETTINGS_\w+: .*with a copy of 2/);
  expect((await askRouter(dir))?.routes.weights).toEqual({ blue: 100, green: 0 });
});

test("says what is wrong with the file where none were kept", async () => {
  const run = await rollBack();
  expect(run).toMatchObject({ code: 2 });
  expect(run.stderr).toMatch(/^SETTINGS_UNREADABLE: .*doesn't exist/m);
});

test("are the owner's alone, each file's its own, until the environment is gone", async () => {
  expect(findKeptSettings(file)).toBeNull();
  await keepSettings(file, settingsOf(1));
  await keepSettings(file, settingsOf(2));
  const other = join(root, "project", "Pulumi.prod.yaml");
  expect(findKeptSettings(other)).toBeNull();
  expect(findKeptSettings(file)?.settings.local.port).toBe(2);
  const folder = join(root, "state", "bluegreen", ".settings");
  const [name = ""] = readdirSync(folder);
  expect([statSync(folder).mode & 0o777, statSync(join(folder, name)).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
  forgetSettings(file);
  expect(readdirSync(folder)).toEqual([]);
});

test("that can't be kept are no reason for an update to fail", async () => {
  writeFileSync(join(root, "state"), "in the way");
  expect(await keepSettings(file, settingsOf(1))).toMatch(/can't be kept/);
});
