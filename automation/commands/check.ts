/** `bluegreen check`: the checks of a color as it is now, with what was seen when one fails. */

import type { CheckedColor } from "../operations/check-color.ts";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { paint, verdictWord } from "../report/paint.ts";
import { BlueGreenError, exitCodes } from "../../infra/errors.ts";
import type { Color, Verdict } from "../../infra/model.ts";
import type { Command } from "./command.ts";
import { withColor } from "./options.ts";

export const check: Command = {
  usage: "check [target]",
  describe: "run all checks on a color, by default the idle one; nothing is changed",
  examples: [
    ["bluegreen check", "would the idle color pass? Exit code 3 when it doesn't"],
    ["bluegreen check green --json", "findings with their evidence as one document"],
  ],
  options: (parser) => withColor(parser, "default: the idle color"),
  run: async (argv) => {
    const seen: { verdict: Verdict } = { verdict: "pass" };
    const exit = await runCommand("check", argv, async (context) => {
      const result = await examine(context, (argv["target"] as Color | undefined) ?? null);
      seen.verdict = result.verdict;
      tell(context, result);
    });
    return exit === exitCodes.done.code && seen.verdict !== "pass"
      ? exitCodes.notSwitched.code
      : exit;
  },
};

/** @throws COLOR_EMPTY, INTERRUPTED */
async function examine(context: CommandContext, target: Color | null): Promise<CheckedColor> {
  const { examineColor, openForChecks } = await import("../operations/check-color.ts");
  const { openFilledColor } = await import("../operations/filled-color.ts");
  const { idleColor } = await import("../../infra/rules/roles.ts");
  const { signal } = context;
  const { project, platform, view, color } = await openFilledColor(
    context,
    (record) => target ?? (record ? idleColor(record) : "blue"),
  );
  const settings = await openForChecks(project);
  const result = await examineColor({ ...project, settings, platform, signal }, view, color);
  if (!signal.aborted || result.verdict === "pass") return result;
  throw new BlueGreenError("INTERRUPTED", `stopped before the checks on ${color} were over`, {
    hint: "run it again: checks change nothing",
  });
}

function tell(context: CommandContext, result: CheckedColor): void {
  const { color, verdict } = result;
  context.print({
    text: textOf(result, context.options.color),
    data: { schema: 1, code: verdict === "pass" ? null : "CHECK_FAILED", ...result },
  });
  if (verdict === "pass") return;
  const message = `the checks on ${color} say ${verdict}`;
  const hint = `\`bluegreen logs ${color}\` shows what it says itself`;
  context.aside.on({ kind: "Failed", code: "CHECK_FAILED", message, hint, details: [] });
}

function textOf({ color, verdict, findings }: CheckedColor, colored: boolean): string {
  const painted = paint(colored);
  const { bold, dim } = painted;
  const lines = findings.flatMap((finding) => {
    const line = `  ${verdictWord(finding.verdict, painted)}  ${finding.name}: ${finding.sentence}`;
    if (finding.verdict === "pass" || finding.evidence === "") return [line];
    return [line, ...finding.evidence.split("\n").map((seen) => `        ${dim(`| ${seen}`)}`)];
  });
  return [bold(`${color}: ${verdict}`), ...lines].join("\n");
}
