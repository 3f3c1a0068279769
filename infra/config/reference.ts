/** Describes the settings to others: the engine's project file, and the tables in the documents. */

import { fieldOf, fieldsIn, kindsOf } from "./field-tree.ts";
import type { Field } from "./field-tree.ts";
import { dotted, keyText } from "./path.ts";
import type { Path } from "./path.ts";
import { shape } from "./shape.ts";

/** One key of the `config:` map in Pulumi.yaml. */
export interface ProjectConfigKey {
  readonly type: "string" | "integer" | "array" | "object";
  readonly description: string;
  readonly items?: { readonly type: "object" };
  readonly default?: unknown;
}

/**
 * The `config:` map of Pulumi.yaml. The engine takes a key without a default for required, so an
 * optional text has the default "", which reads as absent. `generation` is left out: a default
 * would pass for a number that somebody wrote.
 */
export function projectConfigSchema(): Readonly<Record<string, ProjectConfigKey>> {
  const declared = fieldsIn(fieldOf(shape).schema).filter(([key]) => key !== "generation");
  return Object.fromEntries(declared.map(([key, field]) => [keyText([key]), projectKey(field)]));
}

function projectKey(field: Field): ProjectConfigKey {
  const type = projectType(field);
  const description = field.meaning.replaceAll("`", "");
  if (field.preset === undefined) return { type, description };
  if (type === "array") {
    return { type, description, items: { type: "object" }, default: field.preset };
  }
  const preset = type === "object" ? presetsIn(field) : (field.preset ?? "");
  return { type, description, default: preset };
}

function projectType({ schema }: Field): ProjectConfigKey["type"] {
  const { type } = schema._zod.def;
  if (type === "object" || type === "array") return type;
  return type === "number" ? "integer" : "string";
}

/** The defaults within a map, as one would write them. */
function presetsIn({ schema }: Field): Readonly<Record<string, unknown>> {
  const presets = fieldsIn(schema).flatMap(([key, { preset }]) =>
    preset === undefined || preset === null ? [] : [[key, preset] as const],
  );
  return Object.fromEntries(presets);
}

interface Row {
  readonly key: string;
  readonly field: Field;
}

/**
 * A Markdown table of settings: key, type, default, meaning.
 * @param wanted tells which by their keys, as the table has them; default: all
 */
export function settingsMarkdown(wanted: (key: string) => boolean = () => true): string {
  const rows = rowsIn(fieldOf(shape), []).filter(({ key }) => wanted(key));
  const lines = rows.map(({ key, field }) =>
    tableRow([`\`${key}\``, typeCell(field), presetCell(field), field.meaning]),
  );
  return [tableRow(["Key", "Type", "Default", "Meaning"]), "|---|---|---|---|", ...lines, ""].join(
    "\n",
  );
}

function rowsIn(field: Field, path: Path): readonly Row[] {
  return fieldsIn(field.schema).flatMap(([key, inner]) => {
    const innerPath = [...path, key];
    return [{ key: dotted(innerPath), field: inner }, ...entryRows(inner, innerPath)];
  });
}

/** The rows below a key: of a map, of each kind of a map, or of a list's entries by their kinds. */
function entryRows(field: Field, path: Path): readonly Row[] {
  const { def } = field.schema._zod;
  const inner = def.type === "array" ? fieldOf(def.element).schema : field.schema;
  if (def.type !== "array" && def.type !== "union") return rowsIn(field, path);
  if (inner._zod.def.type === "object") {
    return rowsIn({ ...field, schema: inner }, []).map((row) => ({
      ...row,
      key: `${dotted(path)}[].${row.key}`,
    }));
  }
  return kindsOf(inner).flatMap(([kind, schema]) =>
    rowsIn({ ...field, schema }, []).map((row) => ({
      ...row,
      key: `${dotted(path)}[${kind}].${row.key}`,
    })),
  );
}

function typeCell({ type, schema }: Field): string {
  if (schema._zod.def.type === "literal") return `"${String(schema._zod.def.values[0])}"`;
  return type === "" ? "a map" : type;
}

function presetCell({ preset, schema }: Field): string {
  if (preset === undefined) return "required";
  if (preset === null) return "absent";
  return schema._zod.def.type === "object" ? "" : `\`${JSON.stringify(preset)}\``;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
