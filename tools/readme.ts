/** Writes the parts of README.md and docs/ that are generated from the code: `npm run docs`. */

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { commands } from "../automation/commands/index.ts";
import { settingsMarkdown } from "../infra/config.ts";
import { errorKinds, exitCodes } from "../infra/errors.ts";

/** Root of the checkout. */
export const root = join(import.meta.dirname, "..");

/** Folders whose files are listed in docs/map.md. */
const mapped = ["infra", "automation", "examples", "bench", "tools"];

/** A block's name, as its markers have it, and its text. */
const blocks: Readonly<Record<string, () => string>> = {
  commands: commandsMarkdown,
  settings: () => settingsMarkdown((key) => !pageKeys.some((isOfPage) => isOfPage(key))).trimEnd(),
  "proxy-settings": () => settingsMarkdown(isOfProxy).trimEnd(),
  "check-settings": () => settingsMarkdown(isOfCheck).trimEnd(),
  "migration-settings": () => settingsMarkdown(isOfMigration).trimEnd(),
  "hook-settings": () => settingsMarkdown(isOfHook).trimEnd(),
  "notify-settings": () => settingsMarkdown(isOfNotify).trimEnd(),
  "metric-settings": () => settingsMarkdown(isOfMetric).trimEnd(),
  "exit-codes": exitCodesMarkdown,
  "error-codes": errorCodesMarkdown,
  map: mapMarkdown,
};

/** Files with generated blocks, relative to the root. */
export const documents = [
  "README.md",
  "docs/map.md",
  "docs/nginx-haproxy.md",
  "docs/checks.md",
  "docs/hooks.md",
  "docs/judging.md",
  "docs/migrations.md",
  "docs/notifications.md",
] as const;

/**
 * A document with each of its blocks made anew.
 * @throws Error for a marker that names no block, or has no end
 */
export function regenerate(text: string): string {
  const pattern = /(<!-- generated: ([\w-]+) -->\n)(?:[\s\S]*?\n)?(<!-- end of \2 -->)/g;
  const opened = text.match(/<!-- generated: /g)?.length ?? 0;
  let closed = 0;
  const made = text.replace(pattern, (_all, begin: string, name: string, end: string) => {
    const block = blocks[name];
    if (!block) throw new Error(`no block is called ${name}`);
    closed += 1;
    return `${begin}\n${block()}\n\n${end}`;
  });
  if (opened !== closed) throw new Error("a generated block has no end marker");
  return made;
}

/** The first sentence of a file's opening comment; null where it has none. */
export function responsibilityOf(source: string): string | null {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(source)?.[1];
  if (comment === undefined) return null;
  const text = comment.replaceAll(/\n\s*\* ?/g, " ").trim();
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? null;
}

/** All TypeScript files that the map lists, relative to the root, sorted. */
export function mappedFiles(): readonly string[] {
  return mapped
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    )
    .filter((path) => !path.includes("node_modules"))
    .sort();
}

/** The platform `proxy` has a page of its own, which its many keys are on. */
function isOfProxy(key: string): boolean {
  return key === "proxy" || key.startsWith("proxy.");
}

function isOfCheck(key: string): boolean {
  return key.startsWith("checks[");
}

/** The warm-up is on the same page. */
function isOfHook(key: string): boolean {
  return key.startsWith("hooks[") || key.startsWith("warmup.");
}

function isOfMetric(key: string): boolean {
  return key.startsWith("metrics[");
}

function isOfNotify(key: string): boolean {
  return key.startsWith("notify[");
}

function isOfMigration(key: string): boolean {
  return key.startsWith("migrations.");
}

/** Keys that have their table on a page of their own. */
const pageKeys = [isOfProxy, isOfCheck, isOfHook, isOfMetric, isOfMigration, isOfNotify];

function commandsMarkdown(): string {
  const rows = commands.map(({ usage, describe }) => row([`\`bluegreen ${usage}\``, describe]));
  return table(["Command", "What it does"], rows);
}

function exitCodesMarkdown(): string {
  const rows = Object.values(exitCodes).map(({ code, means }) => row([String(code), means]));
  return table(["Exit code", "Meaning"], rows);
}

function errorCodesMarkdown(): string {
  const rows = Object.entries(errorKinds).map(([code, { title, exit }]) => {
    const name = `[\`${code}\`](docs/errors.md#${code.toLowerCase()})`;
    return row([name, String(exitCodes[exit].code), title]);
  });
  return table(["Error code", "Exit code", "What is true"], rows);
}

function mapMarkdown(): string {
  const folders = Map.groupBy(mappedFiles(), dirname);
  return [...folders]
    .map(([folder, files]) => [`## ${folder}/`, "", ...files.map(mapLine)].join("\n"))
    .join("\n\n");
}

function mapLine(path: string): string {
  const sentence = responsibilityOf(readFileSync(join(root, path), "utf8")) ?? "";
  return `- [\`${basename(path)}\`](../${path}): ${sentence}`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(head), `|${"---|".repeat(head.length)}`, ...rows].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) {
  for (const document of documents) {
    const path = join(root, document);
    const text = readFileSync(path, "utf8");
    const made = regenerate(text);
    if (made !== text) writeFileSync(path, made);
    process.stdout.write(`${document}: ${made === text ? "up to date" : "written"}\n`);
  }
}
