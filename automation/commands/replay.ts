/** `bluegreen replay`: judges the bake in an event log again, with other settings. */

import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import type { Recording } from "../metrics/recording.ts";
import type { Replayed } from "../metrics/replay.ts";
import { paint, verdictWord } from "../report/paint.ts";
import { formatDuration } from "../../infra/duration.ts";
import type { Verdict } from "../../infra/model.ts";
import type { Command } from "./command.ts";

export const replay: Command = {
  usage: "replay <rollout>",
  describe: "judge a bake of this machine's event logs again, with other settings",
  examples: [
    ["bluegreen replay r-20260801-101500-ab12", "the verdict of the present version"],
    ["bluegreen replay r-20260801-101500-ab12 --set bake.alpha=0.001", "would it have failed?"],
  ],
  options: (parser) =>
    parser
      .positional("rollout", { type: "string", describe: "name of the run that judged it" })
      .option("set", {
        type: "string",
        array: true,
        default: [],
        requiresArg: true,
        describe: "a setting: bake.KEY=VALUE, bake.latency.KEY=VALUE, metrics.NAME.KEY=VALUE",
      }),
  run: (argv) =>
    runCommand("replay", argv, (context) =>
      judgeAgain(context, String(argv["rollout"]), argv["set"] as readonly string[]),
    ),
};

/** @throws USAGE, RECORD_NEWER */
async function judgeAgain(
  { options, aside, print }: CommandContext,
  rolloutId: string,
  changes: readonly string[],
): Promise<void> {
  const { openProject } = await import("../project.ts");
  const { journalFolder } = await import("../journal.ts");
  const { readRecording } = await import("../metrics/recording.ts");
  const { withChanges } = await import("../metrics/changed-settings.ts");
  const { replay: judge } = await import("../metrics/replay.ts");
  const { measureSentences, measuresOf } = await import("../rollout/metrics-judgement.ts");
  const { application, settings } = openProject({ ...options, reporter: aside });
  const recording = readRecording(journalFolder(application, settings.environment), rolloutId);
  const grounds = withChanges(recording.grounds, changes);
  const replayed = judge(recording, grounds);
  const measured = measureSentences(measuresOf(grounds));
  const { color } = grounds;
  print({
    text: textOf({ recording, replayed, measured, changes }, options.color),
    data: { schema: 1, rolloutId, color, recorded: recording.ended, replayed, changes },
  });
}

interface Shown {
  readonly recording: Recording;
  readonly replayed: Replayed;
  /** What it was judged by, one sentence each. */
  readonly measured: readonly string[];
  readonly changes: readonly string[];
}

function textOf({ recording, replayed, measured, changes }: Shown, colored: boolean): string {
  const painted = paint(colored);
  const { bold, dim } = painted;
  const word = (verdict: Verdict): string => verdictWord(verdict, painted);
  const { grounds, looks, ended } = recording;
  const spanMs = looks.at(-1)?.atMs ?? 0;
  const others = replayed.metrics.filter(({ sentence }) => !replayed.sentence.includes(sentence));
  return [
    bold(`the bake of ${grounds.color}: ${looks.length} looks in ${seconds(spanMs)}`),
    `  recorded: ${ended ? `${word(ended.verdict)}  ${ended.sentence}` : "the run ended before it"}`,
    `  replayed: ${word(replayed.verdict)}  after ${seconds(replayed.atMs)}: ${replayed.sentence}`,
    ...others.map(({ verdict, sentence }) => `            ${word(verdict)}  ${sentence}`),
    ...measured.map((sentence) => dim(`  note: ${sentence}`)),
    ...(changes.length === 0 ? [] : [dim(`  with ${changes.join(", ")}`)]),
  ].join("\n");
}

function seconds(ms: number): string {
  return formatDuration(Math.round(ms / 1_000) * 1_000);
}
