/** `bluegreen demo`: a rollout under load, faults and a rollback on this machine, in a minute. */

import { BlueGreenError } from "../../infra/errors.ts";
import { runCommand } from "../command.ts";
import { slowestRate } from "../demo/pace.ts";
import type { Command } from "./command.ts";

export const demo: Command = {
  usage: "demo",
  describe: "show it all on this machine: rollout under load, faults, rollback; then clean up",
  examples: [
    ["bluegreen demo", "takes about a minute; nothing of yours is touched"],
    ["bluegreen demo --keep", "leave the application running, to try commands on it"],
    ["bluegreen demo --json", "the numbers as one JSON document"],
  ],
  options: (parser) =>
    parser
      .option("rate", {
        type: "number",
        default: 900,
        describe: "requests per second, where this machine bears so many",
      })
      .option("keep", {
        type: "boolean",
        default: false,
        describe: "don't clean up; says how to go on",
      }),
  run: async (argv) => {
    const outcome = { promised: true };
    const exitCode = await runCommand(
      "demo",
      argv,
      async (context) => {
        refuseRate(argv["rate"]);
        const { presentDemo } = await import("../demo/presentation.ts");
        const wishes = { rate: Number(argv["rate"]), keep: argv["keep"] === true };
        outcome.promised = await presentDemo(context, wishes);
      },
      { endless: true },
    );
    return outcome.promised ? exitCode : 1;
  },
};

const rates = { min: slowestRate, max: 2_000 };

function refuseRate(rate: unknown): void {
  if (Number.isInteger(rate) && Number(rate) >= rates.min && Number(rate) <= rates.max) return;
  throw new BlueGreenError("USAGE", `--rate ${String(rate)} isn't possible`, {
    hint: `write a whole number from ${rates.min} to ${rates.max}`,
  });
}
