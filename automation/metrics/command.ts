/** Reads a metric from what a program of the user's own prints. */

import type { MetricOf } from "../../infra/config.ts";
import { jsonAt, parsedJson } from "../../infra/probe/json.ts";
import { quoted } from "../report/safe-text.ts";
import { captureCap, environmentOf, hidingValues, judgeEnding } from "../checks/own-program.ts";
import { runProgram } from "../checks/program.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import type { Subject } from "./source.ts";
import { filledIn } from "../placeholders.ts";
import { countsReading, valueReading } from "./source.ts";

/** Where programs run, and what they may see. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Public address of the router; null where there is none. */
  readonly url: string | null;
}

/** Its last line that is a JSON object counts, so that it may say other things before. */
export async function readCommand(
  { argv, env, timeoutMs, prints }: MetricOf<"command">,
  { subject, surroundings }: { subject: Subject; surroundings: Surroundings },
  signal: AbortSignal,
): Promise<MetricReading> {
  const context = { ...surroundings, ...subject, addresses: [], preview: false, signal };
  const { ending, output } = await runProgram({
    argv: argv.map((word) => filledIn(word, subject)),
    cwd: surroundings.cwd,
    env: environmentOf(env, context),
    timeoutMs,
    outputCap: captureCap(env),
    signal,
  });
  const hide = hidingValues(env);
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const [verdict, ended] = judgeEnding(ending, timeoutMs);
  if (verdict !== "pass") {
    const last = lines.at(-1);
    return { error: hide(`the program ${ended}${last === undefined ? "" : `: ${quoted(last)}`}`) };
  }
  const document = lines.map(parsedJson).findLast((line) => typeof line === "object" && line);
  if (document === undefined) return { error: "the program printed no line of JSON" };
  return prints === "value"
    ? valueReading(jsonAt(document, "value"))
    : countsReading(jsonAt(document, "bad"), jsonAt(document, "total"));
}
