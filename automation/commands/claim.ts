/** `bluegreen claim`: reserve the idle color, to fill it by hand with `pulumi up`. */

import type { Color } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { withColor } from "./options.ts";

export const claim: Command = {
  usage: "claim <target>",
  describe: "reserve the idle color for filling it by hand",
  examples: [
    [
      "bluegreen claim green && bluegreen pulumi -- up -s dev-green",
      "fill green with the settings' release by hand",
    ],
    ["bluegreen claim green --now", "give up the way back to what green holds"],
  ],
  options: (parser) =>
    withColor(parser, "the idle color").option("now", {
      type: "boolean",
      default: false,
      describe:
        "also while the rollback window is open: it ends, and `abort` doesn't bring it back",
    }),
  run: (argv) =>
    runCommand("claim", argv, async (context) => {
      const { reserveByHand } = await import("../operations/reserve-by-hand.ts");
      const { thisOwner } = await import("../owner.ts");
      const session = await context.openSession();
      const sentence = await reserveByHand(session, {
        color: argv["target"] as Color,
        owner: thisOwner(),
        force: argv["now"] === true,
      });
      session.on({ kind: "Finished", sentence, exitCode: 0 });
    }),
};
