/** Which versions of the database's schema a release works with, and what it is refused for. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, ColorOutputs, RouterRecord, SchemaRange } from "../model.ts";
import type { View } from "./view.ts";

export function isIn(version: number, { from, to }: SchemaRange): boolean {
  return version >= from && version <= to;
}

export function formatRange({ from, to }: SchemaRange): string {
  return from === to ? `schema ${from}` : `schemas ${from} to ${to}`;
}

/** What the schema may be now; a step that isn't known to be done leaves two. */
export function possibleSchemas({ database }: Pick<RouterRecord, "database">): readonly number[] {
  const both = [database?.schema ?? null, database?.pending?.to ?? null];
  return both.filter((schema) => schema !== null);
}

/** Why a release with this range mustn't get traffic; null where it may, or says nothing. */
export function unfit(
  record: Pick<RouterRecord, "database">,
  works: SchemaRange | null | undefined,
  subject: string,
): BlueGreenError | null {
  if (!works) return null;
  const schema = possibleSchemas(record).find((each) => !isIn(each, works));
  if (schema === undefined) return null;
  const pending = record.database?.pending ?? null;
  const begun = pending?.to === schema && record.database?.schema !== schema ? pending : null;
  const at = begun
    ? `${begun.kind} to ${schema} was begun on the database and isn't known to be done`
    : `the database is at ${schema}`;
  const known = record.database?.schema ?? null;
  const back = begun && known !== null ? `; if it changed nothing: ${recordedAs(known)}` : "";
  // Not a release of the past: the contract of the one that serves may only not have run yet.
  const ahead = schema < works.from ? contractFirst : "";
  return new BlueGreenError("SCHEMA_UNFIT", `${subject} works with ${formatRange(works)}, ${at}`, {
    hint: `${ahead}deploy a release that works with schema ${schema}${back}`,
  });
}

const contractFirst =
  "if a contract is due, run it first, with the settings of the release that serves: " +
  "`bluegreen retire` or `bluegreen migrate contract`; else ";

/** Why the release that a color holds mustn't get traffic. */
export function unfitRelease(
  record: Pick<RouterRecord, "database">,
  { color, release, works }: ColorOutputs,
): BlueGreenError | null {
  return unfit(record, works, `${color} holds ${release.version}, which`);
}

/** A warning about a color that is to get traffic and doesn't say what it works with. */
export function undeclared(
  { record, colors }: Pick<View, "record" | "colors">,
  color: Color | null,
): readonly string[] {
  const outputs = color && colors[color];
  const [schema] = possibleSchemas(record);
  if (!outputs || outputs.works || schema === undefined) return [];
  const holds = `${outputs.color} holds ${outputs.release.version}`;
  return [`${holds}, which doesn't say whether it works with schema ${schema}: it is let through`];
}

/** The command by which a person says what the database is at. */
export function recordedAs(schema: number): string {
  return `\`bluegreen migrate record ${schema}\``;
}
