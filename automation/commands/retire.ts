/** `bluegreen retire`: detach and empty the idle color, once its window is over. */

import type { Color } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { withColor } from "./options.ts";

export const retire: Command = {
  usage: "retire [target]",
  describe: "empty the idle color when the rollback window is over and nothing reaches it",
  examples: [
    ["bluegreen retire", "for cron or CI; exit code 3 while it is too early"],
    ["bluegreen retire --now", "give up the rollback window; open requests are drained"],
  ],
  options: (parser) =>
    withColor(parser, "default: the idle color").option("now", {
      type: "boolean",
      default: false,
      describe: "don't wait for the window or for silence",
    }),
  run: (argv) =>
    runCommand("retire", argv, async (context) => {
      const { pursue } = await import("../operations/pursue.ts");
      const { idleColor } = await import("../../infra/rules/roles.ts");
      const session = await context.openSession();
      const { record } = await session.environment.observe({ fresh: true, ahead: true });
      const color = (argv["target"] as Color | undefined) ?? record.retiring ?? idleColor(record);
      const goal = { kind: "RetireIdle", color, force: argv["now"] === true } as const;
      await pursue(context, session, { goal, write: false });
    }),
};
