/** The check `command`: a program of the user's own says by its exit code whether it passes. */

import type { CheckKindOf } from "./check.ts";
import { environmentOf, outcomeOfProgram, planOf, programName } from "./own-program.ts";

export const commandCheck: CheckKindOf<"command"> = {
  kind: "command",
  describe: ({ argv }) => `${programName(argv)} ends with exit code 0`,
  plan: planOf,
  run: (check, context) => {
    const { cwd, signal } = context;
    const variables = environmentOf(check.env, context);
    return outcomeOfProgram(check, { cwd, variables, signal });
  },
};
