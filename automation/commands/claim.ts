/** `bluegreen claim`: reserve the idle color, to fill it by hand with `pulumi up`. */

import type { Color } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { withColor } from "./options.ts";
import { claimByHand } from "../../infra/rules/by-hand.ts";

export const claim: Command = {
  usage: "claim <target>",
  describe: "reserve the idle color for filling it by hand",
  examples: [
    [
      "bluegreen claim green && bluegreen pulumi -- up -s dev-green",
      "fill green with the settings' release by hand",
    ],
  ],
  options: (parser) => withColor(parser, "the idle color"),
  run: (argv) =>
    runCommand("claim", argv, async (context) => {
      const { updateOnce } = await import("../operations/single-update.ts");
      const { thisOwner } = await import("../owner.ts");
      const color = argv["target"] as Color;
      await updateOnce(context, ({ settings }) => {
        const { claimMs, version, environment } = settings;
        const asked = { color, version, owner: thisOwner(), nowMs: Date.now(), claimMs };
        const request = claimByHand(asked);
        const sentence = `${color} is yours until ${request.until}: \`bluegreen pulumi -- up -s ${environment}-${color}\``;
        return Promise.resolve({ request, sentence });
      });
    }),
};
