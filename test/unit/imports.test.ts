/** The direction of imports and the form of files, read from the files themselves. */

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test, vi } from "vitest";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const root = join(import.meta.dirname, "../..");

interface Import {
  /** Path from the root for a file of ours, else the name as written. */
  readonly to: string;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const name = specifier.text;
    const to = name.startsWith(".") ? relative(root, join(root, dirname(path), name)) : name;
    imports.push({ to, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { path, text, imports };
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  return importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

const sources = [...filesUnder("infra"), ...filesUnder("automation")].map(readSource);
const byPath = new Map(sources.map((source) => [source.path, source]));

/** Imports from files that match to what is forbidden there, as `from -> to`. */
function forbidden(
  from: (path: string) => boolean,
  to: (target: string, found: Import) => boolean,
): readonly string[] {
  return sources
    .filter(({ path }) => from(path))
    .flatMap(({ path, imports }) =>
      imports.filter((each) => to(each.to, each)).map((each) => `${path} -> ${each.to}`),
    );
}

const under = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
const oneOf = (paths: readonly string[]) => (path: string) => paths.includes(path);

/** Everything that runs when the file is loaded, files of ours and others. */
function loadedBy(start: string): ReadonlySet<string> {
  return reachedFrom(start, ({ typeOnly }) => !typeOnly);
}

function reachedFrom(start: string, followed: (found: Import) => boolean): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const next = byPath.get(path)?.imports.filter(followed) ?? [];
    open.push(...next.map(({ to }) => to));
  }
  return seen;
}

describe("imports go one way", () => {
  test("infra knows nothing of rollouts", () => {
    expect(forbidden(under("infra"), under("automation"))).toEqual([]);
  });

  test("commands are only loaded by the command line", () => {
    const from = (path: string): boolean =>
      !under("automation/commands")(path) && path !== "automation/cli.ts";
    // Except for their common form.
    const to = (target: string): boolean =>
      under("automation/commands")(target) && target !== "automation/commands/command.ts";
    expect(forbidden(from, to)).toEqual([]);
  });

  test("the loop knows only its ports, decisions and the words", () => {
    const parts = ["acting", "draining", "hooks-beside-bake", "look", "rollout-events", "run"];
    const allowed = [
      ...["ports", "event", "engine-died", ...parts].map((name) => `automation/${name}.ts`),
      "node:assert",
    ];
    const known = (target: string): boolean =>
      oneOf(allowed)(target) || under("automation/rollout")(target) || under("infra")(target);
    const own = ["reconcile", "acting", "run", "look", "hooks-beside-bake"];
    const loop = oneOf(own.map((name) => `automation/${name}.ts`));
    expect(forbidden(loop, (target) => !known(target))).toEqual([]);
  });

  test("decisions import decisions and the words, nothing else of the driver", () => {
    const to = (target: string): boolean =>
      under("automation")(target) && !under("automation/rollout")(target);
    expect(forbidden(under("automation/rollout"), to)).toEqual([]);
  });

  test("adapters know nothing of what uses them", () => {
    const users = ["reconcile", "session", "command", "cli"];
    const to = (target: string): boolean =>
      oneOf(users.map((name) => `automation/${name}.ts`))(target) ||
      under("automation/operations")(target) ||
      under("automation/commands")(target) ||
      under("automation/report")(target);
    expect(forbidden(under("automation/adapters"), to)).toEqual([]);
  });

  // Its types may be named where its events are read.
  const isEngine = ({ to, typeOnly }: Import): boolean =>
    !typeOnly && to.startsWith("@pulumi/pulumi/automation");

  test("only one file talks to the Automation API, and one installs its engine", () => {
    const importers = sources
      .filter(({ imports }) => imports.some(isEngine))
      .map(({ path }) => path);
    expect(importers.toSorted()).toEqual([
      "automation/adapters/engine.ts",
      "automation/engine/official-install.ts",
    ]);
  });
});

/** The rules and words: what runs when they are loaded is this and nothing else. */
const pure = ["infra/errors.ts", "infra/model.ts", ...filesUnder("infra/rules")];

describe("decisions are pure: no I/O, no clock, no Pulumi", () => {
  const files = [...pure, ...filesUnder("automation/rollout")];

  test.each(files)("%s", (path) => {
    const loaded = [...loadedBy(path)];
    const outside = loaded.filter((each) => !byPath.has(each));
    expect(
      outside.filter((each) => !["node:assert", "node:assert/strict", "zod"].includes(each)),
    ).toEqual([]);
    expect(loaded).not.toContain("infra/clock.ts");
    const worldly =
      /\b(Date\.now|new Date\(\)|Math\.random|fetch\(|process\.(env|pid|cwd|exit|hrtime))/;
    const found = loaded.filter((each) => worldly.test(byPath.get(each)?.text ?? ""));
    expect(found).toEqual([]);
  });
});

test("imports form no circle, not even of types", () => {
  const circles = sources.filter(({ path, imports }) =>
    imports.some(({ to }) => byPath.has(to) && reachedFrom(to, () => true).has(path)),
  );
  expect(circles.map(({ path }) => path)).toEqual([]);
});

describe("files are short, say what they are for, and are named by nouns", () => {
  const all = [...sources, ...filesUnder("test").map(readSource)];

  test("at most 300 lines, tests 500", () => {
    const long = all
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ path, lines }) => lines > (under("test")(path) ? 500 : 300));
    expect(long).toEqual([]);
  });

  test("each opens with a sentence on its responsibility", () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*\s/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("names are kebab-case, without words that say nothing", () => {
    const odd = all.filter(({ path }) => {
      const name = path.split("/").at(-1) ?? "";
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(name) || /utils?|helper|manager/.test(name)
      );
    });
    expect(odd.map(({ path }) => path)).toEqual([]);
  });
});
