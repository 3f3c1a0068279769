/** Reads the settings of one environment from the text of its `Pulumi.<env>.yaml`. */

import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import type { Document, YAMLError, YAMLMap } from "yaml";

import { BlueGreenError, messageOf } from "../errors.ts";
import { asDeclared } from "./declared-types.ts";
import { fieldAt } from "./field-tree.ts";
import { opaqueSecret } from "./opaque-secret.ts";
import { mayBeSecret } from "./path.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";
import { rewrittenScalars } from "./rewritten-scalars.ts";
import { decodeText, ownKey, writtenTwice } from "./source.ts";
import type { Source } from "./source.ts";

/** @throws BlueGreenError SETTINGS_UNREADABLE with line and column where it isn't one YAML map. */
export function readSettingsYaml(text: string, file: string): Source {
  const source = new Reading(file);
  for (const { key, node, value, line } of configEntries(text, file)) {
    const name = ownKey(key);
    if (name !== null) source.add(name, { node, value, place: `"${key}" in line ${line}` });
  }
  return source;
}

/** The document, whole and without errors; also for those who edit it. */
export function parseSettingsYaml(text: string, file: string): Document.Parsed {
  return parseWithLines(text, file).document;
}

interface Parsed {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function parseWithLines(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    merge: true,
    keepSourceTokens: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  const [error] = document.errors;
  if (error !== undefined) throw unreadable(error, { text, file, lines });
  return { document, lines };
}

interface Place {
  readonly text: string;
  readonly file: string;
  readonly lines: LineCounter;
}

function unreadable(error: YAMLError, { text, file, lines }: Place): BlueGreenError {
  const { line, col } = lines.linePos(error.pos[0]);
  const several = error.code === "MULTIPLE_DOCS";
  const what = several ? "more than one YAML document" : error.message;
  const stray = error.code === "BLOCK_AS_IMPLICIT_KEY" ? strayLine(text, line) : null;
  if (stray !== null) return indentedTooFar({ line, stray }, { text, file, cause: error });
  const message = `${file} isn't a settings file: line ${line}, column ${col}: ${what}`;
  return new BlueGreenError("SETTINGS_UNREADABLE", message, {
    hint: several ? `Keep one document in ${file}.` : `Correct line ${line} of ${file}.`,
    details: [
      `${line} | ${sourceLine(text, line)}`,
      `${" ".repeat(String(line).length)} | ${" ".repeat(col - 1)}^`,
    ],
    cause: error,
  });
}

/** The line below that spoils this one, which is right without it; null: it's wrong by itself. */
function strayLine(text: string, line: number): number | null {
  const all = text.split("\n");
  const upTo = parseDocument(all.slice(0, line).join("\n"), { prettyErrors: false });
  const below = all.slice(line).findIndex((each) => /^\s*[^\s#]/.test(each));
  return upTo.errors.length > 0 || below === -1 ? null : line + 1 + below;
}

/** A line below a value, more indented than its key: YAML takes it for more of that value. */
function indentedTooFar(
  { line, stray }: { readonly line: number; readonly stray: number },
  { text, file, cause }: { readonly text: string; readonly file: string; readonly cause: unknown },
): BlueGreenError {
  const width = String(stray).length;
  const problem = `line ${stray} is indented as if it belonged to the value in line ${line}`;
  return new BlueGreenError("SETTINGS_UNREADABLE", `${file} isn't a settings file: ${problem}`, {
    hint: `Move line ${stray} of ${file} to where it belongs: settings stand below \`config:\`.`,
    details: [line, stray].map((each) => {
      return `${String(each).padStart(width)} | ${sourceLine(text, each)}`;
    }),
    cause,
  });
}

function sourceLine(text: string, line: number): string {
  return text.split(/\r?\n/)[line - 1] ?? "";
}

interface Entry {
  readonly key: string;
  readonly node: unknown;
  readonly value: unknown;
  readonly line: number;
}

function configEntries(text: string, file: string): readonly Entry[] {
  const { document, lines } = parseWithLines(text, file);
  const config = configMap(document, file);
  if (config === null) return [];
  const values = toValues(document, file)["config"] as Record<string, unknown>;
  return Object.entries(values).map(([key, value]) => ({
    key,
    value,
    node: config.get(key, true),
    line: lines.linePos(startOfKey(config, key)).line,
  }));
}

/** A merged key has no place of its own: the map's start stands for it. */
function startOfKey(config: YAMLMap, key: string): number {
  const pair = config.items.find((item) => isScalar(item.key) && item.key.value === key);
  const range = isScalar(pair?.key) ? pair.key.range : config.range;
  return range?.[0] ?? 0;
}

/** The `config:` map; null where there is none yet. */
export function configMap(document: Document.Parsed, file: string): YAMLMap | null {
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return null;
  const config = isMap(root) ? root.get("config", true) : root;
  if (config === undefined || (isScalar(config) && config.value === null)) return null;
  if (isMap(config)) return config;
  throw new BlueGreenError(
    "SETTINGS_UNREADABLE",
    `${file} isn't a settings file: no map "config"`,
    {
      hint: "Write the settings under `config:`, one per line, as `bluegreen:KEY: VALUE`.",
    },
  );
}

function toValues(document: Document.Parsed, file: string): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: 100 }) as Record<string, unknown>;
  } catch (cause) {
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${file} can't be read: ${messageOf(cause)}`, {
      hint: "Write the values out instead of using aliases.",
      cause,
    });
  }
}

interface Added {
  readonly node: unknown;
  readonly value: unknown;
  /** The key as it is written, and where. */
  readonly place: string;
}

/** Gathers values and problems while the keys of the file are read one by one. */
class Reading implements Source {
  readonly values: Record<string, unknown> = {};
  /** Empty: what is secret in a file never gets into the values. */
  readonly secretKeys = new Set<string>();
  readonly problems: Problem[] = [];
  readonly file: string;
  private readonly places = new Map<string, string>();

  constructor(file: string) {
    this.file = file;
  }

  add(key: string, { node, value, place }: Added): void {
    if (value === null || value === "") return;
    const before = this.places.get(key);
    if (before !== undefined) this.problems.push(writtenTwice(key, [before, place]));
    this.places.set(key, place);
    this.problems.push(...rewrittenScalars(node, [key], { [key]: value }));
    const plain = this.withoutSecrets(value, [key]);
    this.values[key] = asDeclared(plain, fieldAt([key], {}));
    if (plain === opaqueSecret || !isText(plain)) return;
    const decoded = decodeText(key, String(plain));
    this.values[key] = decoded.value;
    if (decoded.problem !== undefined) this.problems.push(decoded.problem);
  }

  private withoutSecrets(value: unknown, path: Path): unknown {
    if (Array.isArray(value)) {
      return value.map((entry, index) => this.withoutSecrets(entry, [...path, index]));
    }
    if (typeof value !== "object" || value === null) return value;
    if (isSecret(value)) return this.closed(path);
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        this.withoutSecrets(inner, [...path, key]),
      ]),
    );
  }

  private closed(path: Path): string {
    if (!mayBeSecret(path)) {
      const problem = "is secret, but has to be read before anything runs";
      const fix =
        "write it as plain text; " +
        "only `secret`, `token` and the values of `env`, `headers` and `secrets` can be secret";
      this.problems.push({ path, problem, fix });
    }
    return opaqueSecret;
  }
}

/** What the engine hands on as text, whatever it looks like in the file. */
function isText(value: unknown): value is string | number | boolean {
  return typeof value !== "object";
}

function isSecret(value: object): boolean {
  const entries = Object.entries(value);
  return entries.length === 1 && entries[0]?.[0] === "secure" && typeof entries[0][1] === "string";
}
