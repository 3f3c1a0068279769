/** Reads Markdown as far as the tests of the documents need it: headings, links, commands. */

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Root of the checkout. */
export const root = join(import.meta.dirname, "../..");

export interface Document {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** README.md and its like at the root, and everything under docs/, sorted by path. */
export function documents(): readonly Document[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(join(root, "docs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [...top, ...docs].sort().map(document);
}

export function document(path: string): Document {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

/** Headings without their marks; lines in code blocks aren't headings. */
export function headings(text: string): readonly string[] {
  return withoutBlocks(text)
    .split("\n")
    .flatMap((line) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
}

/** What follows a heading, up to the next one of any level; null where there is no such heading. */
export function sectionOf(text: string, heading: string): string | null {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.replace(/^#{1,6} /, "") === heading);
  if (start < 0) return null;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#{1,6} /.test(line));
  return (end < 0 ? rest : rest.slice(0, end)).join("\n").trim();
}

export interface Link {
  /** As written. */
  readonly target: string;
  /** Absolute path of the file that it leads to. */
  readonly file: string;
  /** Without "#"; null where the link names the file only. */
  readonly anchor: string | null;
}

/** Links within the checkout; those to other hosts are left out. */
export function localLinks({ path, text }: Document): readonly Link[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor = null] = target.split("#");
      const folder = join(root, dirname(path));
      return { target, file: file === "" ? join(root, path) : resolve(folder, file), anchor };
    });
}

/** The anchor under which a heading is reached. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
}

/** The words that follow `bluegreen ` in code, in blocks and in running text. */
export function namedCommands(text: string): readonly string[] {
  const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([found]) => found).join("\n");
  const found = code.matchAll(/(?:^|[`\s&(/])bluegreen (?:-s \S+ )?([a-z][a-z-]*)/gm);
  return [...new Set([...found].map(([, name = ""]) => name))];
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/```[\s\S]*?```/g, "");
}
