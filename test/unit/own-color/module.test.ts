/** Loads components as Node does: natively, anew after an edit, with our copy of Pulumi's SDK. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

// Each test starts a Node of its own.
vi.setConfig({ testTimeout: 60_000 });

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-own-")));
  write("package.json", '{ "type": "module" }');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  const all = join(root, path);
  mkdirSync(dirname(all), { recursive: true });
  writeFileSync(all, text);
}

/** Vitest loads modules in a way of its own, so that a plain Node does this. */
function run(lines: readonly string[]): unknown {
  const own = (name: string): string =>
    pathToFileURL(join(import.meta.dirname, "../../../infra/own-color", name)).href;
  const script = [
    `import { loadComponent } from ${JSON.stringify(own("module.ts"))};`,
    `import { readComponent } from ${JSON.stringify(own("source.ts"))};`,
    `import { writeFileSync } from "node:fs";`,
    `const load = async (name) => loadComponent(await readComponent(${JSON.stringify(root)} + "/" + name));`,
    `const say = (value) => process.stdout.write(JSON.stringify(value));`,
    ...lines,
  ].join("\n");
  const out = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    encoding: "utf8",
    timeout: 30_000,
  });
  return JSON.parse(out);
}

/** What is refused, as its code, message and hint. */
function refusal(name: string): { code: string; message: string; hint: string } {
  const told = "({ code, message, hint }) => say({ code, message, hint })";
  return run([`await load(${JSON.stringify(name)}).then(() => say(null), ${told});`]) as {
    code: string;
    message: string;
    hint: string;
  };
}

describe("a component", () => {
  test("is TypeScript or JavaScript, with types and local files", () => {
    write("shop.ts", 'import { end } from "./end.ts";\nexport default (n: number) => n + end;\n');
    write("end.ts", "export const end: string = '!';\n");
    write("shop.mjs", "export default (n) => n + '?';\n");
    const lines = ['say([(await load("shop.ts"))(1), (await load("shop.mjs"))(2)]);'];
    expect(run(lines)).toEqual(["1!", "2?"]);
  });

  test("may be compiled to CommonJS", () => {
    write("old/package.json", '{ "type": "commonjs" }');
    write("old/shop.js", "exports.__esModule = true;\nexports.default = () => 'old';\n");
    expect(run(['say((await load("old/shop.js"))());'])).toBe("old");
  });

  test("is loaded anew when it or a file of it was edited", () => {
    write("shop.ts", 'import { end } from "./end.ts";\nexport default () => end;\n');
    write("end.ts", "export const end = 1;\n");
    const edit = `writeFileSync(${JSON.stringify(join(root, "end.ts"))}, "export const end = 2;");`;
    const lines = ['const one = (await load("shop.ts"))();', edit];
    expect(run([...lines, 'say([one, (await load("shop.ts"))()]);'])).toEqual([1, 2]);
  });

  test("gets our copy of Pulumi's SDK, also in its packages, whatever it has installed", () => {
    write("node_modules/@pulumi/pulumi/index.js", "exports.Stash = 'a copy of its own';\n");
    write("node_modules/cloud/index.js", 'exports.sdk = require("@pulumi/pulumi");\n');
    write(
      "shop.ts",
      'import * as pulumi from "@pulumi/pulumi";\nimport cloud from "cloud";\n' +
        "export default () => [typeof pulumi.Stash, cloud.sdk.Stash === pulumi.Stash];\n",
    );
    expect(run(['say((await load("shop.ts"))());'])).toEqual(["function", true]);
  });

  test("is refused without a default export, and with one that isn't a function", () => {
    write("none.ts", "export const make = () => [];\n");
    write("data.ts", "export default ['10.0.0.7:80'];\n");
    expect(refusal("none.ts")).toEqual({
      code: "SETTINGS_INVALID",
      message: `the color component ${join(root, "none.ts")} has no default export`,
      hint: expect.stringContaining("export default (args, opts) =>") as string,
    });
    expect(refusal("data.ts").message).toMatch(/data\.ts has a default export that can't run$/);
  });

  test("is refused with the reason when it can't be loaded", () => {
    write("broken.ts", "export default ( => [];\n");
    write("thrown.ts", 'throw new Error("no region\\nset one");\n');
    write("missing.ts", 'import "nobody-has-this";\nexport default () => [];\n');
    expect(refusal("broken.ts").message).toMatch(/broken\.ts can't be loaded: /);
    expect(refusal("thrown.ts").message).toMatch(/thrown\.ts can't be loaded: no region set one$/);
    expect(refusal("missing.ts").hint).toMatch(/^install the package/);
  });
});
