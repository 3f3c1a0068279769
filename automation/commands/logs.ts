/** `bluegreen logs`: what the instances of a color, the router or its access log say. */

import { head } from "../report/safe-text.ts";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { paint } from "../report/paint.ts";
import type { Settings } from "../../infra/config.ts";
import { BlueGreenError, exitCodes } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { activeOf } from "../../infra/model.ts";
import type { LogEntry, LogQuery, LogSource, Platform } from "../../infra/platform.ts";
import type { Arguments, Command } from "./command.ts";
import { withColor } from "./options.ts";

export const logs: Command = {
  usage: "logs [target]",
  describe: "the last lines of a color's instances, of the router, or of its access log",
  examples: [
    ["bluegreen logs", "the color that serves"],
    ["bluegreen logs green --follow", "go on with new lines, until Ctrl-C"],
    ["bluegreen logs --access --tail 20", "the last 20 requests, a line of JSON each"],
  ],
  options: (parser) =>
    withColor(parser, "default: the color that serves")
      .option("tail", { type: "number", default: 100, describe: "lines of each instance" })
      .option("follow", { alias: "f", type: "boolean", default: false, describe: "go on" })
      .option("instance", { type: "number", describe: "only this one, counted from 0" })
      .option("router", { type: "boolean", describe: "what the router says" })
      .option("access", { type: "boolean", describe: "the requests it served" })
      .conflicts("router", ["access", "target", "instance"])
      .conflicts("access", ["target", "instance"]),
  run: (argv) => runCommand("logs", argv, (context) => show(context, argv), { endless: true }),
};

/** @throws USAGE where the platform keeps no logs itself */
async function show(context: CommandContext, argv: Arguments): Promise<void> {
  const { readProject } = await import("../project.ts");
  const { platformOf } = await import("../../infra/platforms/index.ts");
  const { settings } = readProject(context.options);
  const platform = platformOf(settings);
  if (!platform.logs) {
    const message = `the platform ${platform.name} keeps no logs that bluegreen could read`;
    throw new BlueGreenError("USAGE", message, { hint: "use the platform's own tools" });
  }
  const source = sourceOf(argv) ?? (await servingColor(settings, platform));
  leaveWithReader();
  const query = queryOf(argv, source);
  let lines = 0;
  for await (const entry of platform.logs(settings, query)) {
    print(context, entry);
    lines += 1;
  }
  if (lines > 0 || query.follow) return;
  context.aside.on({ kind: "Noted", sentence: `nothing was written by ${source}` });
}

/** `| head` closes the pipe when it has seen enough, which is no failure. */
function leaveWithReader(): void {
  process.stdout.on("error", () => process.exit(exitCodes.done.code));
}

function sourceOf(argv: Arguments): LogSource | null {
  if (argv["router"] === true) return "router";
  if (argv["access"] === true) return "access";
  return (argv["target"] as Color | undefined) ?? null;
}

function queryOf(argv: Arguments, source: LogSource): LogQuery {
  return {
    source,
    tail: count("tail", argv["tail"]) ?? 100,
    instance: count("instance", argv["instance"]),
    follow: argv["follow"] === true ? untilSignal() : null,
  };
}

function count(name: string, value: unknown): number | null {
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new BlueGreenError("USAGE", `--${name} must be a whole number from 0`, {
    hint: "see `bluegreen logs --help`",
  });
}

function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

/** @throws USAGE when no color has most of the traffic */
async function servingColor(settings: Settings, platform: Platform): Promise<Color> {
  const { weights } = await platform.read({ settings, colors: { blue: null, green: null } });
  const active = weights && activeOf(weights);
  if (active) return active;
  throw new BlueGreenError("USAGE", "no color serves now", {
    hint: "name one: `bluegreen logs blue`; the router's own log: `bluegreen logs --router`",
  });
}

/** What an application writes must not steer the terminal; elsewhere it goes as it is. */
function print({ options }: CommandContext, { source, instance, line }: LogEntry): void {
  const { bold, dim } = paint(options.color);
  const text = process.stdout.isTTY ? head(line, Infinity) : line;
  const from = instance === null ? "" : `${bold(`${source} ${instance}`)} ${dim("|")} `;
  const shown = options.json ? JSON.stringify({ source, instance, line }) : `${from}${text}`;
  process.stdout.write(`${shown}\n`);
}
