/** `bluegreen approve`: a person's word for the rollout that waits at its gate. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { overrideOf, withOverride, withWriteBack } from "./options.ts";

export const approve: Command = {
  usage: "approve",
  describe: "permit the rollout that waits after its checks: check again, switch, watch",
  examples: [
    ["bluegreen approve", "let it go on"],
    ["bluegreen approve -s prod --reason 'tested by QA'", "in a later CI job, with the reason"],
  ],
  options: (parser) =>
    withOverride(withWriteBack(parser)).option("reason", {
      type: "string",
      default: "asked for by a person",
      describe: "why; it stays in the record and in the history",
    }),
  run: (argv) =>
    runCommand("approve", argv, async (context) => {
      const { pursue } = await import("../operations/pursue.ts");
      const overrideFreeze = overrideOf(argv, "approve");
      const session = await context.openSession({ overrideFreeze });
      const permit = { reason: String(argv["reason"]) };
      const goal = { kind: "Deploy", version: null, digest: null, permit } as const;
      await pursue(context, session, { goal, write: argv["write"] === true });
    }),
};
