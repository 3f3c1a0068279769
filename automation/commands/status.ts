/** `bluegreen status`: what is true of an environment now, on one screen. */

import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { paint } from "../report/paint.ts";
import type { Command } from "./command.ts";

const watchPauseMs = 2_000;
const clearScreen = "\u001b[H\u001b[2J\u001b[3J";

export const status: Command = {
  usage: "status",
  describe: "what serves, what is under way, and what differs from what",
  examples: [
    ["bluegreen status", "one screen; also without a router, and before the first deploy"],
    ["bluegreen status --watch", "again every two seconds, until Ctrl-C"],
    ["bluegreen status --json", "one document, its form is versioned by `schema`"],
  ],
  options: (parser) =>
    parser.option("watch", { type: "boolean", default: false, describe: "look again and again" }),
  run: (argv) => {
    const endless = argv["watch"] === true;
    return runCommand("status", argv, (context) => show(context, endless), { endless });
  },
};

async function show(context: CommandContext, endless: boolean): Promise<void> {
  const { readProject } = await import("../project.ts");
  const { lookAtStatus } = await import("../status/observe.ts");
  const { renderStatus } = await import("../status/render.ts");
  const { color, json } = context.options;
  let look = await lookAtStatus(readProject(context.options), context.aside);
  for (;;) {
    const { report } = look;
    if (endless && process.stdout.isTTY && !json) process.stdout.write(clearScreen);
    context.print({ text: renderStatus(report, paint(color)), data: report });
    if (endless) await pause(context);
    if (!endless || context.interrupted()) return;
    look = await look.again();
  }
}

async function pause({ interrupted }: CommandContext): Promise<void> {
  const deadline = Date.now() + watchPauseMs;
  while (Date.now() < deadline && !interrupted()) await sleep(100);
}
