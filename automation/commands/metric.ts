/** `bluegreen metric`: each metric's present reading, and what the judge would say of it. */

import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import type { Rehearsed } from "../metrics/rehearsal.ts";
import type { Subject } from "../metrics/source.ts";
import { paint, verdictWord } from "../report/paint.ts";
import { exitCodes } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import type { Command } from "./command.ts";
import { withColor } from "./options.ts";

export const metric: Command = {
  usage: "metric [target]",
  describe: "read what a bake judges by, once, and say what the judge makes of it; changes nothing",
  examples: [
    ["bluegreen metric --dry-run", "can every metric be read? Exit code 3 when one can't"],
    ["bluegreen metric green --json", "readings and verdicts of green as one document"],
  ],
  options: (parser) =>
    withColor(parser, "default: the active color").option("dry-run", {
      type: "boolean",
      default: true,
      describe: "nothing is ever changed by this command",
    }),
  run: async (argv) => {
    const seen = { unreadable: false };
    const exit = await runCommand("metric", argv, async (context) => {
      const target = (argv["target"] as Color | undefined) ?? null;
      const { subject, metrics } = await readAll(context, target);
      const unread = metrics.filter(({ reading }) => reading !== null && "error" in reading);
      seen.unreadable = unread.length > 0;
      context.print({
        text: textOf(subject, metrics, context.options.color),
        data: { schema: 1, code: seen.unreadable ? "CHECK_FAILED" : null, ...subject, metrics },
      });
    });
    return exit === exitCodes.done.code && seen.unreadable ? exitCodes.notSwitched.code : exit;
  },
};

/** @throws COLOR_EMPTY */
async function readAll(
  context: CommandContext,
  target: Color | null,
): Promise<{ readonly subject: Subject; readonly metrics: readonly Rehearsed[] }> {
  const { sourcesOf } = await import("../metrics/index.ts");
  const { rehearse } = await import("../metrics/rehearsal.ts");
  const { openFilledColor } = await import("../operations/filled-color.ts");
  const { openSecrets } = await import("../release.ts");
  const { project, platform, view, color, outputs } = await openFilledColor(
    context,
    (record) => target ?? record?.activeColor ?? "blue",
  );
  const opened = await openSecrets(project, "metrics");
  const { settings, cwd } = project;
  const url = platform.url(settings);
  const subject = { color, version: outputs.release.version };
  const metrics = await rehearse({
    settings: { ...settings, metrics: opened },
    sources: sourcesOf(opened, { cwd, env: process.env, url }),
    reading: view.reading,
    subject,
    signal: new AbortController().signal,
  });
  return { subject, metrics };
}

function textOf(subject: Subject, metrics: readonly Rehearsed[], colored: boolean): string {
  const painted = paint(colored);
  const { bold, dim } = painted;
  const lines = metrics.flatMap(({ verdict, sentence, reading }) => {
    const line = `  ${verdictWord(verdict, painted)}  ${sentence}`;
    return reading === null || "error" in reading
      ? [line]
      : [line, dim(`        ${shown(reading)}`)];
  });
  return [bold(`${subject.color} ${subject.version}, as if it were judged now`), ...lines].join(
    "\n",
  );
}

function shown(reading: Exclude<Rehearsed["reading"], null | { error: string }>): string {
  if ("value" in reading) return `read: ${reading.value}`;
  return `read: ${reading.bad} bad of ${reading.total}`;
}
