/** `bluegreen up`: everything as the record says, after a reboot or by a changed setting. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";

export const up: Command = {
  usage: "up",
  describe: "bring the router and both colors back as they were; traffic isn't moved",
  examples: [
    ["bluegreen up", "after a reboot, or to make a new environment"],
    ["bluegreen up --grow", "before a switch by hand back to a color that is held warm"],
    ["bluegreen up -s prod --yes", "in a start script; `bluegreen doctor --systemd` prints a unit"],
  ],
  options: (parser) =>
    parser.option("grow", {
      type: "boolean",
      default: false,
      describe: "also grow a color that is held warm",
    }),
  run: (argv) =>
    runCommand("up", argv, async (context) => {
      const { bringUp } = await import("../operations/bring-up.ts");
      const { confirm } = await import("../question.ts");
      const session = await context.openSession();
      const ask = (question: string): Promise<void> => confirm(context, question);
      await bringUp(session, ask, { grow: argv["grow"] === true });
    }),
};
