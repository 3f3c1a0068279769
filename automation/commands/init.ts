/** `bluegreen init`: the two files with which an application of one's own can be deployed. */

import { resolve } from "node:path";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import type { Wishes } from "../init/answers.ts";
import type { WrittenFile } from "../init/write.ts";
import type { Arguments, Command } from "./command.ts";

export const init: Command = {
  usage: "init",
  describe: "write Pulumi.yaml and Pulumi.<environment>.yaml for your own application",
  examples: [
    ["bluegreen init", "guess from package.json, app.py, main.py or go.mod; ask what is unclear"],
    ["bluegreen init --yes -- node server.js", "ask nothing; the command after two dashes"],
    ["bluegreen init -s prod --instances 4", "one more environment, else as the one that is there"],
  ],
  options: (parser) =>
    parser
      .option("name", { type: "string", describe: "of the project; default: the folder's" })
      .option("port", {
        type: "number",
        describe: "where clients go; default: a free one from 8080 on",
      })
      .option("health", { type: "string", describe: "path that answers 200 while healthy" })
      .option("version-path", { type: "string", describe: "path whose JSON tells the version" })
      .option("instances", { type: "number", describe: "of each color; default: 2" }),
  run: (argv) => runCommand("init", argv, (context) => writeFiles(context, wishesOf(argv))),
};

async function writeFiles(context: CommandContext, wishes: Wishes): Promise<void> {
  const { answer, askOnTerminal } = await import("../init/answers.ts");
  const { settingsName, writeProject } = await import("../init/write.ts");
  const { checkoutFolder } = await import("../engine/folders.ts");
  const { yes, json } = context.options;
  const ask = process.stdin.isTTY && !yes && !json ? askOnTerminal : null;
  const { answers, text, from, notes } = await answer(wishes, ask);
  const files = writeProject({ cwd: wishes.cwd, checkout: checkoutFolder }, answers, text);
  const kept = files.some(({ name, what }) => name === settingsName(answers) && what === "kept");
  const said = kept ? [] : notes;
  for (const sentence of said) context.aside.on({ kind: "Noted", sentence });
  const { environment } = wishes;
  const where = kept ? [] : [`  clients go to http://127.0.0.1:${answers.port}`];
  context.print({
    text: [...files.map(describe), ...where, "", nextStep(environment)].join("\n"),
    data: { schema: 1, environment, from: kept ? null : from, files, answers, notes: said },
  });
}

function wishesOf(argv: Arguments): Wishes {
  const text = (name: string): string | null => (argv[name] as string | undefined) ?? null;
  return {
    cwd: resolve(argv.cwd),
    environment: argv.stack,
    name: text("name"),
    command: ((argv["--"] as readonly unknown[] | undefined) ?? []).map(String),
    port: (argv["port"] as number | undefined) ?? null,
    instances: (argv["instances"] as number | undefined) ?? null,
    health: text("health"),
    versionPath: text("version-path"),
  };
}

const words = {
  made: "made",
  kept: "kept as it was, it exists already",
  changed: "one line added",
} as const;

function describe({ name, what }: WrittenFile): string {
  return `  ${name.padEnd(18)}${words[what]}`;
}

function nextStep(environment: string): string {
  const stack = environment === "dev" ? "" : ` -s ${environment}`;
  return `next: bluegreen deploy${stack} --version 1`;
}
