/** The command line: global options, and one line per command; code is loaded for the one typed. */

import "../infra/deferred-modules.ts";
import yargs from "yargs";
import type { Argv } from "yargs";
import { hideBin } from "yargs/helpers";
import { defaultEnvironment } from "../infra/environment-words.ts";
import { exitCodes } from "../infra/errors.ts";
import { commands } from "./commands/index.ts";
import { jsonReporter } from "./report/json.ts";

const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
const wantsColor =
  NO_COLOR === undefined &&
  (FORCE_COLOR !== undefined || (process.stderr.isTTY && TERM !== "dumb"));

function globalOptions(parser: Argv) {
  return parser
    .option("stack", {
      alias: "s",
      type: "string",
      default: process.env["BLUEGREEN_STACK"] ?? defaultEnvironment,
      describe: "environment",
    })
    .option("cwd", { type: "string", default: process.cwd(), describe: "folder with Pulumi.yaml" })
    .option("json", { type: "boolean", default: false, describe: "JSON on stdout" })
    .option("yes", { alias: "y", type: "boolean", default: false, describe: "ask nothing" })
    .option("color", { type: "boolean", default: wantsColor, describe: "colors in the terminal" })
    .option("verbose", { type: "boolean", default: false, describe: "also the engine's steps" });
}

async function main(args: readonly string[]): Promise<number> {
  let exit: number = exitCodes.done.code;
  const parser = globalOptions(yargs([...args]))
    .scriptName("bluegreen")
    .usage("$0 <command>\n\nBlue-green deployment with Pulumi: fill the idle color, check, switch.")
    .parserConfiguration({ "populate--": true })
    .strict()
    .demandCommand(1, "name a command; `bluegreen --help` lists them")
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns || 100))
    .epilogue("docs: README.md")
    .version("0.1.0")
    .exitProcess(false)
    .fail((message, error) => {
      throw (error as Error | undefined) ?? new UsageError(message);
    });
  for (const command of commands) {
    parser.command(
      command.usage,
      command.describe,
      (each) => {
        for (const [example, means] of command.examples) each.example(example, means);
        return command.options(each);
      },
      async (argv) => {
        exit = await command.run(argv as never);
      },
    );
  }
  try {
    await parser.parseAsync();
    return exit;
  } catch (error) {
    if (!(error instanceof UsageError) && !isYargsError(error)) throw error;
    refuse(error.message, args);
    return exitCodes.settings.code;
  }
}

/** As a command tells of any other error, though none has begun. */
function refuse(message: string, args: readonly string[]): void {
  const hint = `bluegreen ${helpFor(args)}`;
  if (wantsJson(args))
    jsonReporter().on({ kind: "Failed", code: "USAGE", message, hint, details: [] });
  else process.stderr.write(`USAGE: ${message}\nhint: ${hint}\n`);
}

/** The last one counts, as for a line that can be understood. */
function wantsJson(args: readonly string[]): boolean {
  const last = ownWords(args).findLast((word) => /^--(no-)?json(=|$)/.test(word));
  return last === "--json" || last === "--json=true";
}

/** Without what is handed on to Pulumi. */
function ownWords(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? args.length : end);
}

/** Of the command that was typed; of all where there is none, or it doesn't exist. */
function helpFor(args: readonly string[]): string {
  const names = new Set(commands.map(({ usage }) => usage.split(" ")[0] ?? ""));
  const typed = ownWords(args).find((word) => names.has(word));
  return typed === undefined ? "--help" : `${typed} --help`;
}

class UsageError extends Error {}

function isYargsError(error: unknown): error is Error {
  return error instanceof Error && error.name === "YError";
}

// Leaves at once: the engine's servers may hold the event loop.
process.exit(await main(hideBin(process.argv)));
