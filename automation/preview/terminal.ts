/** The summary for a terminal. */

import type { Change } from "../adapters/engine-step.ts";
import { paint } from "../report/paint.ts";
import type { Paint } from "../report/paint.ts";
import { mapTexts, plainText } from "../report/plain-text.ts";
import type { GuardLine, PreviewSummary, Problem, StackPreview } from "./summary.ts";
import { afterHeading, driftWords, healthWords, pasteBeside } from "./wording.ts";
import { problemBeside, routerRows, shortDigest } from "./wording.ts";

/** Every text in it is plain, whatever an application or a person wrote. */
export function renderTerminal(
  summary: PreviewSummary,
  options: { readonly color: boolean },
): string {
  const plain = mapTexts(summary, plainText);
  const colors = paint(options.color);
  const parts = [
    [headline(plain, colors)],
    routerTable(plain, colors),
    section(
      "guards",
      plain.guards.flatMap((line) => guard(line, colors)),
      colors,
    ),
    section(
      "changes",
      plain.stacks.flatMap((stack) => stackLines(plain, stack, colors)),
      colors,
    ),
    section(
      "steps",
      plain.steps.map((step, index) => `${index + 1} ${step}`),
      colors,
    ),
    section("colors", colorLines(plain), colors),
    section("also", alsoLines(plain, colors), colors),
    section("notes", plain.notes, colors),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map(joined)
    .join("\n\n")}\n`;
}

function joined(lines: readonly string[]): string {
  return lines.join("\n");
}

function section(name: string, lines: readonly string[], colors: Paint): readonly string[] {
  if (lines.length === 0) return [];
  return [colors.bold(name), ...lines.map((line) => `  ${line}`)];
}

function headline({ headline: text, outcome }: PreviewSummary, colors: Paint): string {
  if (outcome === "refused") return colors.red(text);
  return outcome === "pending" ? colors.yellow(text) : colors.bold(text);
}

function routerTable(summary: PreviewSummary, colors: Paint): readonly string[] {
  const { router } = summary;
  const then = router.refused ?? router.after;
  const rows = routerRows(router.before, then);
  const width = Math.max("before".length, ...rows.map(([, before]) => before.length)) + 2;
  const line = (name: string, before: string, after: string): string =>
    `${name.padEnd(16)}${before.padEnd(width)}${after}`;
  return [
    colors.bold(line("router", "before", afterHeading(summary))),
    ...rows.map(([name, before, after]) => {
      const text = line(`  ${name}`, before, after);
      return before === after ? colors.dim(text) : text;
    }),
  ];
}

function guard({ result, guard: name, sentence, code, hint, details }: GuardLine, colors: Paint) {
  const words = {
    pass: colors.green("pass   "),
    refused: colors.red("refused"),
    pending: colors.yellow("pending"),
  };
  const named = code === null ? sentence : `${code}: ${sentence}`;
  const indent = " ".repeat(9);
  return [
    `${words[result]}  ${name}: ${named}`,
    ...details.map((detail) => `${indent}  ${detail}`),
    ...(hint === null ? [] : [`${indent}${colors.dim("hint:")} ${hint}`]),
  ];
}

function stackLines(summary: PreviewSummary, stack: StackPreview, colors: Paint) {
  const { exists, changes, problem } = stack;
  const nothing = changes.length === 0 && problem === null ? ": nothing" : "";
  const absent = exists ? "" : " (doesn't exist yet)";
  const beside = problemBeside(summary, stack);
  const told = problem !== null && beside === null ? ": refused, see above" : "";
  return [
    `${stack.stack}${absent}${nothing}${told}`,
    ...changes.map((change) => `  ${changeLine(change, colors)}`),
    ...(beside ? problemLines(beside.problem, beside.words, colors) : []),
  ];
}

function changeLine({ operation, name, type, fields }: Change, colors: Paint): string {
  const destroys = operation.startsWith("delete") || operation === "replace";
  const word = operation.padEnd(7);
  const which = fields.length === 0 ? "" : `: ${fields.join(", ")}`;
  return `${destroys ? colors.red(word) : word} ${name} ${colors.dim(`(${type})`)}${which}`;
}

function problemLines({ code, message, hint }: Problem, words: string, colors: Paint) {
  const said = `  ${colors.yellow(words)}: ${code}: ${message}`;
  return hint === null ? [said] : [said, `  ${colors.dim("hint:")} ${hint}`];
}

function colorLines({ health, parity }: PreviewSummary): readonly string[] {
  const { blue, green } = health;
  return [
    `blue   ${healthWords(blue)}`,
    ...blue.problems.map((problem) => `         ${problem}`),
    `green  ${healthWords(green)}`,
    ...green.problems.map((problem) => `         ${problem}`),
    ...(parity === null ? [] : [parity.sentence]),
  ];
}

function alsoLines(summary: PreviewSummary, colors: Paint): readonly string[] {
  const { deployment, rollback, drift, pins, expected, cost } = summary;
  const paste = pasteBeside(summary);
  return [
    ...(deployment
      ? [
          `release   ${deployment.version} into ${deployment.color}, ${shortDigest(deployment.digest)}`,
        ]
      : []),
    `rollback  ${rollback.sentence}`,
    `state     ${driftWords(drift)}`,
    ...(paste.length === 0
      ? []
      : [`          ${colors.dim("to keep what is, paste into the file:")}`]),
    ...paste.map((line) => `            ${line}`),
    ...pins.map(({ version, by, reason }) => `pin       ${version}, by ${by}: ${reason}`),
    ...(expected ? [`time      ${expected.sentence}`] : []),
    `cost      ${cost}`,
  ];
}
