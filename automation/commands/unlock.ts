/** `bluegreen unlock`: whose lock it is, and taking it away when a person says so. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { noOptions } from "./command.ts";

export const unlock: Command = {
  usage: "unlock",
  describe: "show who holds the stacks' locks and, after a yes, free them",
  examples: [["bluegreen unlock", "shows owner, host and age, then asks"]],
  options: noOptions,
  run: (argv) =>
    runCommand("unlock", argv, async (context) => {
      const { freeLocks } = await import("../operations/unlock.ts");
      await freeLocks(context);
    }),
};
