/** The documents say what the code says: generated parts, links, commands, error codes. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../automation/commands/index.ts";
import { errorKinds } from "../../infra/errors.ts";
import * as readme from "../../tools/readme.ts";
import {
  anchorOf,
  document,
  documents,
  headings,
  localLinks,
  namedCommands,
  root,
  sectionOf,
} from "../support/markdown.ts";

describe("generated parts", () => {
  test.each(readme.documents)("of %s are as the code has them", (path) => {
    const { text } = document(path);
    const stale = readme.regenerate(text) !== text;
    expect(stale, `${path} is older than the code: run \`npm run docs\``).toBe(false);
  });

  test("are refused where a marker names nothing or has no end", () => {
    const unknown = "<!-- generated: weather -->\n<!-- end of weather -->";
    expect(() => readme.regenerate(unknown)).toThrow("no block is called weather");
    expect(() => readme.regenerate("<!-- generated: settings -->\n")).toThrow("no end marker");
  });

  test("replace what somebody wrote between the markers", () => {
    const text = "a\n<!-- generated: exit-codes -->\nstale\n<!-- end of exit-codes -->\nb";
    const made = readme.regenerate(text);
    expect(made).not.toContain("stale");
    expect(made).toContain("| 0 | done |");
    expect(readme.regenerate(made)).toBe(made);
  });
});

describe("every source file", () => {
  test("opens with one sentence on what it is responsible for", () => {
    const silent = readme
      .mappedFiles()
      .filter((path) => readme.responsibilityOf(readFileSync(join(root, path), "utf8")) === null);
    expect(silent).toEqual([]);
  });

  test("may open with a sentence of several lines that names files", () => {
    const source = "/**\n * Reads Pulumi.yaml and\n * nothing else. Never writes.\n */\n";
    expect(readme.responsibilityOf(source)).toBe("Reads Pulumi.yaml and nothing else.");
    expect(readme.responsibilityOf("// a remark\n")).toBeNull();
  });
});

describe("links", () => {
  test.each(documents().map((each) => [each.path, each] as const))(
    "in %s lead to files and headings that exist",
    (_path, each) => {
      const broken = localLinks(each).filter(({ file, anchor }) => {
        if (!existsSync(file)) return true;
        if (anchor === null || !file.endsWith(".md")) return false;
        return !headings(readFileSync(file, "utf8")).map(anchorOf).includes(anchor);
      });
      expect(broken.map(({ target }) => target)).toEqual([]);
    },
  );
});

describe("commands", () => {
  const known = commands.map(({ usage }) => usage.split(" ")[0] ?? "");

  test.each(documents().map(({ path, text }) => [path, text]))(
    "that %s names exist",
    (_path, text) => {
      expect(namedCommands(text).filter((name) => !known.includes(name))).toEqual([]);
    },
  );
});

describe("docs/errors.md", () => {
  const { text } = document("docs/errors.md");
  const codes = Object.keys(errorKinds);

  test.each(codes)("explains %s", (code) => {
    const section = sectionOf(text, code);
    expect(section, `docs/errors.md has no paragraph on ${code}`).not.toBeNull();
    expect(section?.length).toBeGreaterThan(80);
  });

  test("and the README say `not yet` of a code that nothing throws, and of no other", () => {
    const sources = ["infra", "automation"].flatMap((top) =>
      readme.mappedFiles().filter((path) => path.startsWith(`${top}/`)),
    );
    const thrown = sources
      .filter((path) => path !== "infra/errors.ts")
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const unused = codes.filter((code) => !new RegExp(`"${code}"|\\b${code}:`).test(thrown));
    const said = Object.entries(errorKinds).filter(([, { title }]) => title.startsWith("Not yet"));
    expect(said.map(([code]) => code)).toEqual(unused);
    for (const code of codes) {
      expect(sectionOf(text, code)?.startsWith("Not yet"), code).toBe(unused.includes(code));
    }
  });

  test("explains no code that doesn't exist", () => {
    const named = headings(text).filter((heading) => /^[A-Z_]+$/.test(heading));
    expect(named.filter((heading) => !codes.includes(heading))).toEqual([]);
  });
});

describe("the README's map", () => {
  const map = sectionOf(document("README.md").text, "Map of the code") ?? "";
  const named = [...map.matchAll(/^\| `([^`]+)\/` \|/gm)].map(([, folder = ""]) => folder);

  test.each(["infra", "automation"])("names every folder in %s/", (top) => {
    const folders = readdirSync(join(root, top), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${top}/${entry.name}`);
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
  });

  test("names no folder that doesn't exist", () => {
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });
});
