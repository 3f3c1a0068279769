/** `bluegreen migrate`: the contract step on its own, or a person's word on the database's schema. */

import type { Argv } from "yargs";
import { BlueGreenError } from "../../infra/errors.ts";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import type { Arguments, Command } from "./command.ts";

const steps = ["contract", "record"] as const;

export const migrate: Command = {
  usage: "migrate <step> [schema]",
  describe: "run the database's contract step, or record the schema that it is at",
  examples: [
    [
      "bluegreen migrate contract",
      "as `retire` does at its end; exit code 3 while it is too early",
    ],
    ["bluegreen migrate record 2", "somebody brought the database to schema 2 past bluegreen"],
  ],
  options: (parser: Argv) =>
    parser
      .positional("step", { choices: steps, type: "string", describe: "what to do" })
      .positional("schema", { type: "number", describe: "for `record`: the schema's version" }),
  run: (argv) =>
    runCommand("migrate", argv, (context) => {
      const schema = schemaOf(argv);
      return schema === null ? contract(context) : record(context, schema);
    }),
};

/** @throws USAGE where one is missing, or named for what has none */
function schemaOf({ step, schema }: Arguments): number | null {
  if (step === "contract" && schema === undefined) return null;
  if (step === "record" && typeof schema === "number" && Number.isSafeInteger(schema)) {
    if (schema >= 0) return schema;
  }
  const problem =
    step === "record"
      ? "`migrate record` needs the schema's version, a whole number from 0 on"
      : "`migrate contract` takes no schema: the settings name it";
  throw new BlueGreenError("USAGE", problem, { hint: "see `bluegreen migrate --help`" });
}

async function contract(context: CommandContext): Promise<void> {
  const { pursue } = await import("../operations/pursue.ts");
  const session = await context.openSession();
  await pursue(context, session, { goal: { kind: "Contract" }, write: false });
}

async function record(context: CommandContext, schema: number): Promise<void> {
  const { refuseMissing, updateOnce } = await import("../operations/single-update.ts");
  const { isDeadHere } = await import("../owner.ts");
  await updateOnce(context, (_session, view) => {
    refuseMissing(view);
    const owner = view.record.database?.pending?.owner ?? null;
    const replaces = owner && isDeadHere(owner) ? owner : null;
    const sentence = `the database is recorded at schema ${schema}`;
    return { request: { kind: "RecordSchema", schema, replaces }, sentence };
  });
}
