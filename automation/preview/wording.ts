/** Parts of a preview in words, for the renderers for people. Pure. */

import { formatWeights } from "../../infra/model.ts";
import type {
  ColorHealth,
  DriftPreview,
  PreviewSummary,
  Problem,
  RouterState,
  StackPreview,
} from "./summary.ts";

/** Name, value before, value after. */
export type Row = readonly [string, string, string];

export function routerRows(before: RouterState, after: RouterState): readonly Row[] {
  return [
    ["active color", before.activeColor ?? "none", after.activeColor ?? "none"],
    ["weights", formatWeights(before.weights), formatWeights(after.weights)],
    ["generation", String(before.generation), String(after.generation)],
    ["release", before.release?.version ?? "none", after.release?.version ?? "none"],
  ];
}

/** Heading of the column with the values to come. */
export function afterHeading({ router, outcome }: PreviewSummary): string {
  if (router.refused) return "asked for (refused)";
  return outcome === "pending" ? "after (pending)" : "after";
}

export function healthWords(health: ColorHealth): string {
  const { release, ready, total, reachable, crashLoop } = health;
  if (!release) return "empty";
  const state = reachable
    ? `${ready} of ${total} ready`
    : `${total} instances, not reachable from here`;
  return `${release.version}, ${state}${crashLoop ? ", crashes again and again" : ""}`;
}

/** `sha256:7b43638607c7`: enough to compare by eye. */
export function shortDigest(digest: string | null): string {
  return digest === null ? "not known yet" : digest.slice(0, 19);
}

export function driftWords({ file, record, dataPlane, sentence }: DriftPreview): string {
  const { activeColor, generation } = file;
  const written = generation === null ? "" : `, generation ${generation}`;
  const says = `file ${activeColor ?? "none"}${written}`;
  const stored = `record ${record.activeColor ?? "none"}, generation ${record.generation}`;
  const served = `data plane ${dataPlane ? formatWeights(dataPlane) : "silent"}`;
  return `${says}; ${stored}; ${served}${sentence === null ? "" : ` (${sentence})`}`;
}

/** Null where there is none, or where a guard says the same already. */
export function problemBeside(
  { guards }: PreviewSummary,
  { problem }: StackPreview,
): { readonly words: string; readonly problem: Problem } | null {
  if (!problem) return null;
  const { code, message } = problem;
  if (guards.some((line) => line.code === code && line.sentence === message)) return null;
  return { words: problem.refused ? "would be refused" : "couldn't be previewed", problem };
}

/** The lines to paste, unless a refusal shows them already. */
export function pasteBeside({ drift, guards }: PreviewSummary): readonly string[] {
  const shown = guards.some(({ details }) => drift.paste.every((line) => details.includes(line)));
  return shown ? [] : drift.paste;
}
