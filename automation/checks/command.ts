/** The check `command`: a program of the user's own says by its exit code whether it passes. */

import type { CheckKindOf } from "./check.ts";
import { quoted } from "../report/safe-text.ts";
import {
  captureCap,
  environmentOf,
  hidingValues,
  judgeEnding,
  planOf,
  shownOutput,
} from "./own-program.ts";
import { runProgram } from "./program.ts";

export const commandCheck: CheckKindOf<"command"> = {
  kind: "command",
  describe: ({ argv }) => `${programOf(argv)} ends with exit code 0`,
  plan: planOf,
  run: async ({ argv, env, timeoutMs }, context) => {
    const { ending, output } = await runProgram({
      argv,
      cwd: context.cwd,
      env: environmentOf(env, context),
      timeoutMs,
      outputCap: captureCap(env),
      signal: context.signal,
    });
    const [verdict, ended] = judgeEnding(ending, timeoutMs);
    const hide = hidingValues(env);
    return {
      verdict,
      sentence: `${programOf(argv, hide)} ${ended}`,
      evidence: shownOutput(output, hide, ended),
    };
  },
};

function programOf(argv: readonly string[], hide = (text: string) => text): string {
  return quoted(hide(argv.join(" ")));
}
