/** The findings of the doctor for people, problems last so that they are seen. Pure. */

import { head } from "../report/safe-text.ts";
import type { Paint } from "../report/paint.ts";
import type { Finding } from "./finding.ts";

const maxText = 1_000;
const order = ["ok", "note", "problem"] as const satisfies readonly Finding["level"][];

export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const sorted = order.flatMap((level) => findings.filter((each) => each.level === level));
  const width = Math.max(...sorted.map(({ subject }) => subject.length));
  const lines = sorted.flatMap((finding) => linesOf(finding, width, paint));
  return [...lines, "", summaryOf(findings)].join("\n");
}

function linesOf(finding: Finding, width: number, paint: Paint): readonly string[] {
  const { level, subject, sentence, fix, details } = finding;
  const words = {
    ok: paint.green("ok"),
    note: paint.yellow("note"),
    problem: paint.red("problem"),
  };
  const gap = " ".repeat("problem".length - level.length);
  const indent = " ".repeat("problem".length + width + 6);
  const text = head(sentence, maxText);
  return [
    `  ${words[level]}${gap}  ${subject.padEnd(width)}  ${level === "problem" ? paint.bold(text) : text}`,
    ...details.map((detail) => `${indent}${paint.dim(head(detail, maxText))}`),
    ...(fix === null ? [] : [`${indent}-> ${fix}`]),
  ];
}

function summaryOf(findings: readonly Finding[]): string {
  const count = findings.filter(({ level }) => level === "problem").length;
  if (count === 0) return "no problem was found";
  return count === 1 ? "1 problem" : `${count} problems`;
}
