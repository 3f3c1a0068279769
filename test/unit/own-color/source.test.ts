/** The digest of a component's files: what an edit of which file means. */

import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readComponent } from "../../../infra/own-color/source.ts";

let root: string;
let file: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-own-")));
  file = write("shop.ts", 'import { name } from "./lib/name.ts";\nexport default () => [name];\n');
  write("lib/name.ts", 'import data from "../data.json" with { type: "json" };\n');
  write("data.json", "{}");
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): string {
  const all = join(root, path);
  mkdirSync(dirname(all), { recursive: true });
  writeFileSync(all, text);
  return all;
}

async function digest(): Promise<string> {
  return (await readComponent(file)).digest;
}

describe("the digest of a component", () => {
  test.each([
    ["the file itself", "shop.ts", 'import "./lib/name.ts";\n'],
    ["a file that it imports", "lib/name.ts", 'import "../data.json";\n'],
    ["a file that an imported one imports", "data.json", '{"a":1}'],
  ])("changes with %s", async (_, path, text) => {
    const before = await digest();
    write(path, text);
    expect(await digest()).not.toBe(before);
    expect(await digest()).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test.each([
    ["import", 'import "./more.ts";'],
    ["an awaited import", 'await import("./more.ts");'],
    ["a re-export", "export * from './more.ts';"],
    ["require", 'const more = require("./more.ts");'],
    ["an import over several lines", 'import {\n  a,\n} from\n  "./more.ts";'],
  ])("follows %s", async (_, line) => {
    write("more.ts", "1");
    write("shop.ts", line);
    const before = await digest();
    write("more.ts", "2");
    expect(await digest()).not.toBe(before);
  });

  test("is the same for files that import each other", async () => {
    write("lib/name.ts", 'import "../shop.ts";\n');
    expect(await digest()).toBe(await digest());
  });

  test("stays when the file or the project is moved", async () => {
    const before = await digest();
    renameSync(file, join(root, "store.ts"));
    const moved = `${root}-moved`;
    renameSync(root, moved);
    try {
      expect((await readComponent(join(moved, "store.ts"))).digest).toBe(before);
    } finally {
      rmSync(moved, { recursive: true, force: true });
    }
  });

  test("covers neither packages nor what leads nowhere", async () => {
    write("shop.ts", 'import "pkg";\nimport "./node_modules/pkg/index.js";\n// from "./gone.ts"\n');
    write("node_modules/pkg/index.js", "1");
    const before = await digest();
    write("node_modules/pkg/index.js", "2");
    expect(await digest()).toBe(before);
  });

  test("doesn't cover our types, so that it stays with another bluegreen", async () => {
    const importing = (name: string) => {
      write("shop.ts", `import type { OwnColor } from "./.bluegreen/infra/${name}";\n`);
      return digest();
    };
    const without = [await importing("own-color.ts"), await importing("model.ts")];
    symlinkSync(join(import.meta.dirname, "../../.."), join(root, ".bluegreen"));
    expect(await importing("own-color.ts")).toBe(without[0]);
    expect(await importing("model.ts")).not.toBe(without[1]);
  });

  test("is refused for a file that isn't there, with its name", async () => {
    rmSync(file);
    await expect(readComponent(file)).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      message: `the color component ${file} doesn't exist`,
    });
  });

  test("is refused for a folder", async () => {
    await expect(readComponent(root)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });

  test("is refused for a component that would be a whole project", async () => {
    const names = Array.from({ length: 600 }, (_, index) => `./f${index}.ts`);
    for (const name of names) write(name, "");
    write("shop.ts", names.map((name) => `import "${name}";`).join("\n"));
    await expect(digest()).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      message: expect.stringMatching(/imports more than 500 local files/) as string,
    });
  });
});
