/** `bluegreen pulumi -- ARGS`: the plain Pulumi CLI on the same stacks, with the same engine. */

import { runCommand } from "../command.ts";
import type { Arguments, Command } from "./command.ts";

export const pulumi: Command = {
  usage: "pulumi [args..]",
  describe: "run the Pulumi CLI with this project's engine, Node, backend and settings file",
  examples: [
    ["bluegreen pulumi -- up", "a switch by hand: obeys activeColor in the settings file"],
    ["bluegreen pulumi -- preview --stack dev-green", "a color's stack; its settings are dev's"],
    ["bluegreen pulumi -- stack output", "the record"],
  ],
  options: (parser) =>
    parser.positional("args", { type: "string", array: true, describe: "for pulumi; after `--`" }),
  run: async (argv) => {
    const seen: { exit: number } = { exit: 0 };
    const failed = await runCommand(
      "pulumi",
      argv,
      async ({ options, aside }) => {
        const { passThrough } = await import("../engine/pass-through.ts");
        seen.exit = await passThrough({ ...options, reporter: aside }, argumentsOf(argv));
      },
      { endless: true },
    );
    return failed === 0 ? seen.exit : failed;
  },
};

function argumentsOf(argv: Arguments): readonly string[] {
  const before = (argv["args"] as readonly unknown[] | undefined) ?? [];
  const after = (argv["--"] as readonly unknown[] | undefined) ?? [];
  return [...before, ...after].map(String);
}
