/** Edits the text of a settings file at exactly the places where its values stand. */

import { isDeepStrictEqual } from "node:util";
import { isAlias, isCollection, isMap, isNode, isPair, isScalar, parseDocument } from "yaml";
import type { Document, Node, Pair, YAMLMap } from "yaml";

import { keyOrder } from "../../infra/config/field-tree.ts";
import { namespace } from "../../infra/config/path.ts";
import { configMap, parseSettingsYaml } from "../../infra/config/settings-yaml.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { newScalar, scalarLike } from "./yaml-scalar.ts";

/** New values by key, without the namespace. */
export type SettingChanges = Readonly<Record<string, string | number>>;

/** Replaces what stands between two places of a text. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A text that is edited at one key. */
interface Edit {
  readonly text: string;
  readonly file: string;
  readonly key: string;
  readonly value: string | number;
}

/**
 * The text with `bluegreen:<key>` set for each change. Comments, order, quotes and line endings
 * stay; a key that isn't there yet goes next to its neighbour in the schema.
 *
 * @throws BlueGreenError SETTINGS_UNREADABLE, or STORE_FAILED where a value is no plain one.
 */
export function editSettings(text: string, changes: SettingChanges, file = "settings"): string {
  parseSettingsYaml(text, file);
  return Object.entries(changes).reduce(
    (current, [key, value]) => editOne({ text: current, file, key, value }),
    text,
  );
}

function editOne(edit: Edit): string {
  const document = parseSettingsYaml(edit.text, edit.file);
  const config = configMap(document, edit.file);
  const pair = config === null ? undefined : pairOf(config, edit.key);
  const splice =
    pair === undefined ? insertion(edit, { document, config }) : replacement(edit, pair);
  if (splice === null) return edit.text;
  const edited = edit.text.slice(0, splice.from) + splice.text + edit.text.slice(splice.to);
  if (!isOnlyChange(edit, edited)) throw refusal(edit, "can't be changed without changing more");
  return edited;
}

function pairOf(config: YAMLMap, key: string): Pair | undefined {
  const names = [`${namespace}:${key}`, key];
  return config.items.find((pair) => isScalar(pair.key) && names.includes(String(pair.key.value)));
}

/** Null where the value is already there. */
function replacement(edit: Edit, pair: Pair): Splice | null {
  const node = pair.value;
  if (isCollection(node)) throw refusal(edit, "is a map, a list or a secret");
  if (isScalar(node) && node.anchor !== undefined) {
    throw refusal(edit, "has an anchor that other values may use");
  }
  if (isAlias(node)) return spliceOf(node, newScalar(edit.value));
  if (!isScalar(node) || node.range?.[0] === node.range?.[1]) return afterColon(edit, pair);
  if (isSame(node.value, edit.value)) return null;
  const source = edit.text.slice(node.range?.[0], node.range?.[1]);
  return spliceOf(node, scalarLike(edit.value, node, source));
}

/** The engine hands both on as text. */
function isSame(former: unknown, value: string | number): boolean {
  const isText = typeof former === "string" || typeof former === "number";
  return isText && String(former) === String(value);
}

function spliceOf(node: Node, text: string): Splice | null {
  if (!node.range) return null;
  return { from: node.range[0], to: node.range[1], text };
}

/** Fills in an empty value. */
function afterColon(edit: Edit, pair: Pair): Splice {
  const colon = pair.srcToken?.sep?.find((token) => token.type === "map-value-ind");
  if (colon === undefined) throw refusal(edit, "has no colon");
  const place = colon.offset + 1;
  return { from: place, to: place, text: ` ${newScalar(edit.value)}` };
}

interface Place {
  readonly document: Document.Parsed;
  readonly config: YAMLMap | null;
}

/** A line for a key that isn't there yet. */
function insertion(edit: Edit, { document, config }: Place): Splice {
  const key = `${namespace}:${edit.key}`;
  const line = `${key}: ${newScalar(edit.value)}`;
  if (config === null) return firstLine(edit.text, { document, line });
  const neighbour = neighbourOf(config, edit.key);
  if (config.flow === true || neighbour === undefined) {
    const end = neighbour === undefined ? startOf(config) + 1 : pairEnd(neighbour);
    const comma = neighbour === undefined ? "" : ", ";
    return { from: end, to: end, text: `${comma}"${key}": ${newScalar(edit.value)}` };
  }
  const start = startOf(neighbour.key);
  const indent = edit.text.slice(edit.text.lastIndexOf("\n", start - 1) + 1, start);
  if (indent.trim() !== "") throw refusal(edit, "has no line of its own to stand on");
  return newLine(edit.text, { end: pairEnd(neighbour), line: indent + line });
}

/** The key that comes before in the schema's order, else the last one of the file. */
function neighbourOf(config: YAMLMap, key: string): Pair | undefined {
  const order = keyOrder();
  const before = order.slice(0, Math.max(0, order.indexOf(key))).reverse();
  const found = before.map((name) => pairOf(config, name)).find((pair) => pair !== undefined);
  return found ?? config.items.at(-1);
}

/** Below an empty `config:`, or at the end together with it. */
function firstLine(
  text: string,
  { document, line }: { document: Document.Parsed; line: string },
): Splice {
  const root = document.contents;
  const config = isMap(root)
    ? root.items.find(({ key }) => isScalar(key) && key.value === "config")
    : undefined;
  if (config !== undefined) return newLine(text, { end: pairEnd(config), line: `  ${line}` });
  const eol = eolOf(text);
  const gap = text === "" || text.endsWith("\n") ? "" : eol;
  const added = `${gap}config:${eol}  ${line}${eol}`;
  return { from: text.length, to: text.length, text: added };
}

/** A line after the one on which a value ends. */
function newLine(text: string, { end, line }: { end: number; line: string }): Splice {
  const eol = eolOf(text);
  if (text[end - 1] === "\n") return { from: end, to: end, text: line + eol };
  const next = text.indexOf("\n", end) + 1;
  return next === 0
    ? { from: text.length, to: text.length, text: eol + line }
    : { from: next, to: next, text: line + eol };
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function startOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

/** Where the last value below a pair ends; comments that follow belong to what comes next. */
function pairEnd({ key, value }: Pair): number {
  return nodeEnd(value) ?? nodeEnd(key) ?? 0;
}

function nodeEnd(node: unknown): number | undefined {
  if (!isNode(node)) return undefined;
  const last: unknown = isCollection(node) && node.flow !== true ? node.items.at(-1) : undefined;
  if (last === undefined) return node.range?.[1];
  return isPair(last) ? pairEnd(last) : nodeEnd(last);
}

/** True where the edited text holds the same values but for the one that was to change. */
function isOnlyChange({ text, key, value }: Edit, edited: string): boolean {
  const [before, after] = [text, edited].map((each) => parseDocument(each, { merge: true }));
  if (before === undefined || after === undefined || after.errors.length > 0) return false;
  const [former, latter] = [valuesOf(before), valuesOf(after)];
  const name = Object.hasOwn(former.config, key) ? key : `${namespace}:${key}`;
  const isSet = String(latter.config[name]) === String(value);
  const expected = { ...former.config, [name]: latter.config[name] };
  return (
    isSet &&
    isDeepStrictEqual(latter.config, expected) &&
    isDeepStrictEqual(latter.others, former.others)
  );
}

function valuesOf(document: Document.Parsed): {
  readonly config: Record<string, unknown>;
  readonly others: Record<string, unknown>;
} {
  const { config, ...others } = (document.toJS() ?? {}) as Record<string, unknown>;
  return { config: (config ?? {}) as Record<string, unknown>, others };
}

function refusal({ file, key, value }: Edit, why: string): BlueGreenError {
  return new BlueGreenError("STORE_FAILED", `${namespace}:${key} in ${file} ${why}`, {
    hint: `Write this line into ${file} by hand: ${namespace}:${key}: ${newScalar(value)}`,
  });
}
