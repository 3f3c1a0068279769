/** `bluegreen history`: what happened to the traffic and the record, from any machine. */

import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { paint } from "../report/paint.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { perColor } from "../../infra/model.ts";
import type { Command } from "./command.ts";

export const historySchema = 1;

export const history: Command = {
  usage: "history",
  describe: "who moved the traffic or changed the record, when, and how it ended",
  examples: [
    ["bluegreen history", "the last 20 updates that changed something; * moved traffic"],
    ["bluegreen history --all --limit 100", "also those that changed nothing"],
  ],
  options: (parser) =>
    parser
      .option("limit", { type: "number", default: 20, describe: "how many, newest first" })
      .option("all", { type: "boolean", default: false, describe: "also what changed nothing" }),
  run: (argv) =>
    runCommand("history", argv, (context) =>
      show(context, { limit: limitOf(argv["limit"]), all: argv["all"] === true }),
    ),
};

async function show(
  { options, aside, print }: CommandContext,
  { limit, all }: { readonly limit: number; readonly all: boolean },
): Promise<void> {
  const { openEngine } = await import("../engine/access.ts");
  const { readHistory } = await import("../history/read.ts");
  const { renderHistory } = await import("../history/render.ts");
  const { openSettings } = await import("../session.ts");
  const project = openSettings({ ...options, reporter: aside });
  const { cli } = await openEngine(project, aside);
  const { environment } = project.settings;
  const { platform, settings } = project;
  const { mark } = await platform.read({ settings, colors: perColor(() => null) });
  const entries = await readHistory(cli, { stack: environment, limit, all, mark });
  print({
    text: renderHistory(entries, paint(options.color)),
    data: { schema: historySchema, environment, entries },
  });
}

/** @throws USAGE */
function limitOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new BlueGreenError("USAGE", "--limit must be a whole number from 1", {
    hint: "see `bluegreen history --help`",
  });
}
