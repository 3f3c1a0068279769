/** `bluegreen rollback`: traffic back to the former color, at once. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { withWriteBack } from "./options.ts";

export const rollback: Command = {
  usage: "rollback",
  describe: "return traffic to the former color; nothing stops it but a missing ready instance",
  examples: [
    ["bluegreen rollback --reason 'orders fail'", "go back and say why"],
    ["bluegreen rollback --pin", "also pin the release that is left"],
    ["bluegreen rollback --direct", "past the engine: works while it is locked or broken"],
  ],
  options: (parser) =>
    withWriteBack(parser)
      .option("reason", { type: "string", default: "asked for by a person", describe: "why" })
      .option("pin", { type: "boolean", default: false, describe: "pin the release that is left" })
      .option("direct", {
        type: "boolean",
        default: false,
        describe: "write the router itself, without the engine",
      })
      .option("now", {
        type: "boolean",
        default: false,
        describe: "don't grow a shrunk color first",
      }),
  run: (argv) =>
    runCommand("rollback", argv, async (context) => {
      const { rollBack } = await import("../operations/rollback.ts");
      await rollBack(context, {
        reason: String(argv["reason"]),
        pin: argv["pin"] === true,
        direct: argv["direct"] === true,
        grow: argv["now"] !== true,
        write: argv["write"] === true,
      });
    }),
};
