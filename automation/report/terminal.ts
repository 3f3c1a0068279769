/** Events for people, on stderr: live on a terminal, plain lines in CI. */

import type { Event, FindingSummary, Reporter } from "../event.ts";
import type { Verdict } from "../../infra/model.ts";
import { paint } from "./paint.ts";
import type { Paint } from "./paint.ts";

export interface Output {
  readonly color: boolean;
  /** One line may be rewritten in place. */
  readonly interactive: boolean;
  readonly verbose: boolean;
}

export function terminalReporter(
  output: Output,
  write: (text: string) => void = writeError,
): Reporter {
  const colors = paint(output.color);
  let live = false;
  const line = (text: string): void => {
    write(`${live ? "\r\u001b[2K" : ""}${text}\n`);
    live = false;
  };
  const progress = (text: string): void => {
    if (!output.interactive) return;
    const width = process.stderr.columns || 80;
    write(`\r\u001b[2K${text.slice(0, width - 1)}`);
    live = true;
  };
  return {
    on(event) {
      const shown = render(event, colors, output.verbose);
      if (shown?.kind === "line") shown.lines.forEach(line);
      if (shown?.kind === "progress") progress(shown.text);
    },
  };
}

type Shown =
  | { readonly kind: "line"; readonly lines: readonly string[] }
  | { readonly kind: "progress"; readonly text: string }
  | null;

function lines(...all: readonly string[]): Shown {
  return { kind: "line", lines: all };
}

function render(event: Event, colors: Paint, verbose: boolean): Shown {
  switch (event.kind) {
    case "Started":
    case "Observed":
    case "Entered":
    case "Aborted":
    case "Measured":
      return null;
    case "Noted":
      return lines(`  ${colors.dim("note")}  ${event.sentence}`);
    case "Begun":
      return { kind: "progress", text: `  ...   ${event.action}` };
    case "Ended":
      return lines(
        `  ${colors.green("done")}  ${withoutReason(event.action)} ${colors.dim(seconds(event.ms))}`,
      );
    case "Progressed":
      return verbose
        ? lines(`        ${colors.dim(event.sentence)}`)
        : { kind: "progress", text: `  ...   ${event.sentence}` };
    case "Checked":
      return lines(
        ...event.findings.flatMap((finding) => [
          `  ${word(finding.verdict, colors)}  ${finding.name}: ${finding.sentence}`,
          ...seenBy(finding, colors),
        ]),
      );
    case "Hooked":
      return lines(...event.findings.flatMap((each) => hookLines(event.stage, each, colors)));
    case "Switched":
      return lines(`  ${colors.bold("served")} by ${event.to}${servedAfter(event.servedMs)}`);
    case "Judged":
      return { kind: "progress", text: `  ...   ${event.sentence}` };
    case "Stepped":
      return lines(
        `  ${word(event.verdict, colors)}  step ${event.step} of ${event.steps}: ${event.sentence}`,
      );
    case "Baked":
      return lines(`  ${word(event.verdict, colors)}  ${event.sentence}`);
    case "JudgedAgain":
      return lines(`  ${word(event.verdict, colors)}  ${event.color} now: ${event.sentence}`);
    case "Migrated":
      return lines(
        `  ${word(event.verdict, colors)}  ${event.name}: ${event.sentence}`,
        ...seenBy(event, colors),
      );
    case "RolledBack":
      return lines(`  ${colors.yellow("back")}  traffic is on ${event.to}: ${event.reason}`);
    case "Probed":
      return lines(`  ${probeWords(event.probe)}`, ...probeTrouble(event.probe, colors));
    case "Failed":
      return failed(event, colors);
    case "Finished":
      return lines(colors.bold(event.sentence));
  }
}

function hookLines(stage: string, finding: FindingSummary, colors: Paint): readonly string[] {
  const said = `${stage}: ${finding.sentence}`;
  return [`  ${word(finding.verdict, colors)}  ${said}`, ...seenBy(finding, colors)];
}

/** Lines of a finding's evidence that are shown; all of it is in the event log. */
const maxSeen = 20;

/** The last lines of what was seen where something isn't right. */
function seenBy({ verdict, evidence = "" }: FindingSummary, colors: Paint): readonly string[] {
  if (verdict === "pass" || evidence === "") return [];
  const seen = evidence.replace(/\n$/, "").split("\n");
  const cut = seen.length > maxSeen ? ["..."] : [];
  return [...cut, ...seen.slice(-maxSeen)].map((line) => `        ${colors.dim(`| ${line}`)}`);
}

/** Why it was done stands in a line of its own, before or after. */
function withoutReason(action: string): string {
  return action.split(": ")[0] ?? action;
}

function failed(event: Extract<Event, { kind: "Failed" }>, colors: Paint): Shown {
  const hint = event.hint === null ? [] : [`${colors.dim("hint:")} ${event.hint}`];
  const details = event.details.map((detail) => `  ${detail}`);
  return lines(`${colors.red(event.code)}: ${event.message}`, ...details, ...hint);
}

function probeWords({ sent, failed, longestGapMs, byColor, skipped, pending }: ProbeOf): string {
  const shares = `blue ${byColor.blue}, green ${byColor.green}`;
  const counts = [`${sent} sent`, `${failed} failed`];
  if (pending > 0) counts.push(`${pending} unanswered`);
  if (skipped > 0) counts.push(`${skipped} not sent in time`);
  return `probe  ${counts.join(", ")}, longest gap ${longestGapMs} ms (${shares})`;
}

function probeTrouble({ broken, firstFailure }: ProbeOf, colors: Paint): readonly string[] {
  const mark = `  ${colors.red("probe")}`;
  const first =
    firstFailure && `${mark}  first failure at ${firstFailure.at}: ${firstFailure.reason}`;
  const cut = broken === null ? null : `${mark}  the count isn't whole: ${broken}`;
  return [first, cut].filter((line) => typeof line === "string");
}

type ProbeOf = Extract<Event, { kind: "Probed" }>["probe"];

function servedAfter(ms: number | null): string {
  return ms === null ? "" : `, seen in the data plane after ${ms} ms`;
}

function word(verdict: Verdict, colors: Paint): string {
  if (verdict === "pass") return colors.green("pass");
  return verdict === "fail" || verdict === "error" ? colors.red("fail") : colors.yellow("open");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function writeError(text: string): void {
  process.stderr.write(text);
}
