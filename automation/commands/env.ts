/** `bluegreen env`: what a plain `pulumi` needs to work on the same stacks. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { noOptions } from "./command.ts";

export const env: Command = {
  usage: "env",
  describe: "print exports for a plain pulumi in this shell; no secret is among them",
  examples: [
    ['eval "$(bluegreen env)"', "then `pulumi up --stack dev` works on the same stacks"],
    ['eval "$(bluegreen env -s prod)"', "also for prod-blue and prod-green: one settings file"],
  ],
  options: noOptions,
  run: (argv) =>
    runCommand("env", argv, async ({ options, aside, print }) => {
      const { openEngine } = await import("../engine/access.ts");
      const { formatExports } = await import("../engine/environment.ts");
      const { openProject } = await import("../project.ts");
      const project = openProject({ ...options, reporter: aside });
      const { engineEnv } = await openEngine(project, aside);
      const exported = { ...engineEnv, PULUMI_OPTION_CONFIG_FILE: project.settingsFile };
      print({ text: formatExports(exported).trimEnd(), data: exported });
    }),
};
