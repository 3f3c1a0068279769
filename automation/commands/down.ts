/** `bluegreen down`: the whole environment goes, after traffic was stopped on purpose. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";

export const down: Command = {
  usage: "down",
  describe: "remove an environment: both colors, the router, and their stacks",
  examples: [
    ["bluegreen down", "refused while a color has traffic or a rollout is under way"],
    ["bluegreen down --stop-serving --yes", "takes the application off line, then removes all"],
  ],
  options: (parser) =>
    parser.option("stop-serving", {
      type: "boolean",
      default: false,
      describe:
        "take the active color off line first; doesn't end a rollout that is under way: " +
        "`bluegreen abort` does",
    }),
  run: (argv) =>
    runCommand("down", argv, async (context) => {
      const { takeDown } = await import("../operations/take-down.ts");
      const { leftBehind } = await import("../operations/left-behind.ts");
      const session = await takeDown(context, { stopServing: argv["stop-serving"] === true });
      const left = leftBehind(session);
      if (left !== null) session.on({ kind: "Noted", sentence: left });
    }),
};
