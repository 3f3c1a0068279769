/** `bluegreen abort`: give a rollout up before its switch; the active color is untouched. */

import { runCommand } from "../command.ts";
import { aborted } from "../operations/aborted.ts";
import type { Command } from "./command.ts";

export const abort: Command = {
  usage: "abort",
  describe: "give up the rollout that is open, before its switch",
  examples: [["bluegreen abort --reason 'wrong release'", "frees the claim; traffic stays"]],
  options: (parser) =>
    parser.option("reason", { type: "string", default: "asked for by a person", describe: "why" }),
  run: (argv) =>
    runCommand("abort", argv, async (context) => {
      const { updateOnce } = await import("../operations/single-update.ts");
      const { isRecorded } = await import("../../infra/rules/record.ts");
      const reason = String(argv["reason"]);
      await updateOnce(context, (_session, { stored, record }) =>
        isRecorded(stored)
          ? {
              request: { kind: "Abort", reason, rolloutId: null, untouched: false },
              sentence: aborted(record),
            }
          : { request: null, sentence: "no rollout is open: nothing was deployed here yet" },
      );
    }),
};
