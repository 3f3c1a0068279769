/** `bluegreen switch`: all traffic to a color as it is, after its checks. */

import type { Color } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { overrideOf, withColor, withOverride, withWriteBack } from "./options.ts";

export const switchCommand: Command = {
  usage: "switch <target>",
  describe: "move all traffic to a color that is filled already",
  examples: [
    ["bluegreen switch green", "check green, switch to it, watch it"],
    ["bluegreen switch blue --no-bake", "return as soon as the data plane has confirmed it"],
  ],
  options: (parser) =>
    withOverride(withWriteBack(withColor(parser, "the color that is to get all traffic"))).option(
      "bake",
      {
        type: "boolean",
        default: true,
        describe: "watch the color under real traffic before returning",
      },
    ),
  run: (argv) =>
    runCommand("switch", argv, async (context) => {
      const { pursue } = await import("../operations/pursue.ts");
      const overrideFreeze = overrideOf(argv, "switch");
      const session = await context.openSession({ overrideFreeze });
      const color = argv["target"] as Color;
      const goal = { kind: "SwitchTo", color, bake: argv["bake"] === true } as const;
      await pursue(context, session, { goal, write: argv["write"] === true });
    }),
};
