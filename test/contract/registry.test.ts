/** Tells whoever adds a platform what is still missing. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseSettings, platformNames } from "../../infra/config.ts";
import type { PlatformName, Settings } from "../../infra/config.ts";
import { platformOf } from "../../infra/platforms/index.ts";

const here = import.meta.dirname;
const folder = join(here, "../../infra/platforms");
const folders = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function withPlatform(platform: string): Settings {
  const local = JSON.stringify({ command: ["app"], cwd: here });
  const settings = parseSettings({ environment: "contract", health: '{"path":"/"}', local });
  return { ...settings, platform: platform as PlatformName };
}

/** Text of a platform's contract files: one, or one for each thing that it runs on. */
function contractOf(name: string): string {
  const files = readdirSync(here).filter(
    (file) =>
      file === `${name}.test.ts` || (file.startsWith(`${name}-`) && file.endsWith(".test.ts")),
  );
  return files.map((file) => readFileSync(join(here, file), "utf8")).join("\n");
}

/** What isn't there yet for a platform; one sentence each. */
function missingOf(name: string): readonly string[] {
  const file = `test/contract/${name}.test.ts`;
  const calls = `platformContract("${name}", `;
  const written = contractOf(name);
  const registered = (platformOf(withPlatform(name)) as { name: string } | undefined)?.name;
  const needs: readonly (readonly [boolean, string])[] = [
    [folders.includes(name), `make the folder infra/platforms/${name}/ with its index.ts`],
    [platformNames.some((known) => known === name), `let the setting \`platform\` allow "${name}"`],
    [registered === name, `add its line to infra/platforms/index.ts, under the name "${name}"`],
    [written !== "", `add ${file}: \`${calls}make)\` with a bed for it`],
    [written === "" || written.includes(calls), `let ${file} call \`${calls}make)\``],
  ];
  return needs.flatMap(([there, sentence]) => (there ? [] : [`${name}: ${sentence}`]));
}

test("every platform has its folder, its setting, its line and its contract file", () => {
  const names = [...new Set([...folders, ...platformNames])];
  expect(names).not.toEqual([]);
  expect(names.flatMap(missingOf)).toEqual([]);
});

test("a platform that is only begun is told everything that is missing", () => {
  expect(missingOf("begun")).toEqual([
    "begun: make the folder infra/platforms/begun/ with its index.ts",
    'begun: let the setting `platform` allow "begun"',
    'begun: add its line to infra/platforms/index.ts, under the name "begun"',
    'begun: add test/contract/begun.test.ts: `platformContract("begun", make)` with a bed for it',
  ]);
});
