/** The summary as Markdown, for a comment on a pull request. */

import type { Change } from "../adapters/engine-step.ts";
import { markdownBlock, markdownCode, markdownText } from "../report/markdown-text.ts";
import type { GuardLine, PreviewSummary, Problem, StackPreview } from "./summary.ts";
import { afterHeading, driftWords, healthWords, pasteBeside } from "./wording.ts";
import { problemBeside, routerRows, shortDigest } from "./wording.ts";

/** GitHub cuts a comment at 65,536 letters. */
const maxChanges = 100;

/** Ends with a newline; every text of unknown origin in it can only be read. */
export function renderMarkdown(summary: PreviewSummary): string {
  const parts = [
    `### ${markdownText(summary.headline)}`,
    routerTable(summary),
    guardTable(summary.guards),
    changeList(summary),
    pasteBlock(summary),
    details(summary),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

function routerTable(summary: PreviewSummary): string {
  const { router } = summary;
  const rows = routerRows(router.before, router.refused ?? router.after);
  return table(
    ["router", "before", afterHeading(summary)],
    rows.map(([name, before, after]) => {
      const then = markdownCode(after);
      return [name, markdownCode(before), before === after ? then : `**${then}**`];
    }),
  );
}

function guardTable(guards: readonly GuardLine[]): string {
  const rows = guards.map(({ guard, result, sentence, code, hint, details: more }) => {
    const said =
      code === null ? markdownText(sentence) : `${markdownCode(code)} ${markdownText(sentence)}`;
    const lines = more.map((line) => markdownCode(line)).filter((line) => line !== "");
    const advice = hint === null ? [] : [`hint: ${markdownText(hint)}`];
    return [
      guard,
      result === "pass" ? result : `**${result}**`,
      [said, ...lines, ...advice].join("<br>"),
    ];
  });
  return rows.length === 0 ? "" : table(["guard", "result", "why"], rows);
}

function changeList(summary: PreviewSummary): string {
  const { stacks } = summary;
  if (stacks.length === 0) return "";
  return ["**Changes**", "", ...stacks.flatMap((stack) => stackLines(summary, stack))].join("\n");
}

function stackLines(summary: PreviewSummary, stack: StackPreview): readonly string[] {
  const { exists, changes, problem } = stack;
  const absent = exists ? "" : " (doesn't exist yet)";
  const nothing = changes.length === 0 && problem === null ? ": nothing" : "";
  const beside = problemBeside(summary, stack);
  const told = problem !== null && beside === null ? ": refused, see above" : "";
  const left = changes.length - maxChanges;
  return [
    `- ${markdownCode(stack.stack)}${absent}${nothing}${told}`,
    ...changes.slice(0, maxChanges).map((change) => `  - ${changeLine(change)}`),
    ...(left > 0 ? [`  - and ${left} more`] : []),
    ...(beside ? [`  - ${problemLine(beside.words, beside.problem)}`] : []),
  ];
}

function problemLine(words: string, { code, message }: Problem): string {
  return `${words}: ${markdownCode(code)} ${markdownText(message)}`;
}

function changeLine({ operation, name, type, fields }: Change): string {
  const which = fields.map((field) => markdownCode(field)).filter((field) => field !== "");
  const names = which.length === 0 ? "" : `: ${which.join(", ")}`;
  return `**${markdownText(operation)}** ${markdownCode(name)} (${markdownCode(type)})${names}`;
}

function pasteBlock(summary: PreviewSummary): string {
  const paste = pasteBeside(summary);
  if (paste.length === 0) return "";
  return `The settings file says something else than the router; to keep what is, paste:\n\n${markdownBlock(paste, "yaml")}`;
}

function details(summary: PreviewSummary): string {
  const { steps } = summary;
  const list = [
    ...facts(summary).map((line) => `- ${line}`),
    ...(steps.length === 0 ? [] : ["", "Steps:", ""]),
    ...steps.map((step, index) => `${index + 1}. ${markdownText(step)}`),
  ];
  return [
    "<details><summary>Colors, rollback, time and cost</summary>",
    "",
    ...list,
    "",
    "</details>",
  ].join("\n");
}

function facts(summary: PreviewSummary): readonly string[] {
  const { health, parity, deployment, rollback, drift, pins, expected, cost, notes } = summary;
  const problems = [...health.blue.problems, ...health.green.problems];
  return [
    ...(deployment
      ? [
          `release ${markdownCode(deployment.version)} into ${deployment.color}, ` +
            markdownCode(shortDigest(deployment.digest)),
        ]
      : []),
    `blue: ${markdownText(healthWords(health.blue))}`,
    `green: ${markdownText(healthWords(health.green))}`,
    ...problems.map((problem) => `problem: ${markdownCode(problem)}`),
    ...(parity ? [`size: ${markdownText(parity.sentence)}`] : []),
    `rollback: ${markdownText(rollback.sentence)}`,
    `state: ${markdownText(driftWords(drift))}`,
    ...pins.map(
      ({ version, by, reason }) =>
        `pin: ${markdownCode(version)} by ${markdownCode(by)}: ${markdownText(reason)}`,
    ),
    ...(expected ? [`time: ${markdownText(expected.sentence)}`] : []),
    `cost: ${markdownText(cost)}`,
    ...notes.map((note) => `note: ${markdownText(note)}`),
  ];
}
