/** `bluegreen retire`: detach and empty the idle color, once its window is over. */

import type { Color } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { reasonOf, withColor } from "./options.ts";

const overriding = `bluegreen retire --override-failing "a load test makes the errors"`;

export const retire: Command = {
  usage: "retire [target]",
  describe: "empty the idle color when the rollback window is over and nothing reaches it",
  examples: [
    ["bluegreen retire", "for cron or CI; exit code 3 while it is too early"],
    ["bluegreen retire --now", "give up the rollback window; open requests are drained"],
  ],
  options: (parser) =>
    withColor(parser, "default: the idle color")
      .option("now", {
        type: "boolean",
        default: false,
        describe: "don't wait for the window or for silence",
      })
      .option("override-failing", {
        type: "string",
        describe: "give the way back up although the active color may fail, and say why",
      }),
  run: (argv) =>
    runCommand("retire", argv, async (context) => {
      const { pursue } = await import("../operations/pursue.ts");
      const { idleColor } = await import("../../infra/rules/roles.ts");
      const overrideFailing = reasonOf(argv, "override-failing", overriding);
      const session = await context.openSession();
      const { record } = await session.environment.observe({ fresh: true, ahead: true });
      const color = (argv["target"] as Color | undefined) ?? record.retiring ?? idleColor(record);
      const force = argv["now"] === true;
      const goal = { kind: "RetireIdle", color, force, overrideFailing } as const;
      await pursue(context, session, { goal, write: false });
    }),
};
