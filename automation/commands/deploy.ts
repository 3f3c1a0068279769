/** `bluegreen deploy`: a release into the idle color, checked, switched to, watched. */

import { runCommand } from "../command.ts";
import type { Command } from "./command.ts";
import { overrideOf, versionOf, withOverride, withVersion, withWriteBack } from "./options.ts";

export const deploy: Command = {
  usage: "deploy",
  describe: "roll a release out: fill the idle color, check it, switch, watch",
  examples: [
    ["bluegreen deploy --version 2", "roll out release 2"],
    ["bluegreen deploy", "finish the rollout that is open, or deploy the settings' version"],
    ["bluegreen deploy -s prod --version 2 --json", "in CI, one event per line"],
  ],
  options: (parser) =>
    withVersion(
      withOverride(withWriteBack(parser)),
      "the release; default: bluegreen:version",
    ).option("replace", {
      type: "boolean",
      describe:
        "take the place of another release's rollout before its switch; default: bluegreen:whileRollingOut",
    }),
  run: (argv) =>
    runCommand("deploy", argv, async (context) => {
      const named = versionOf(argv, "deploy");
      const { pursue } = await import("../operations/pursue.ts");
      const { versionToDeploy } = await import("../rollout/ownership.ts");
      const { lookThroughSql } = await import("../migrations/sql-files.ts");
      const { digestOf } = await import("../release.ts");
      const overrideFreeze = overrideOf(argv, "deploy");
      const session = await context.openSession({ overrideFreeze });
      const { record } = await session.environment.observe({ fresh: true, ahead: true });
      await lookThroughSql(session, record);
      const version = versionToDeploy(record, { named, configured: session.settings.version });
      const digest = version === null ? null : await digestOf(session, version);
      const { replace } = argv;
      const replaces = typeof replace === "boolean" && { replace };
      const goal = { kind: "Deploy", version, digest, ...replaces } as const;
      await pursue(context, session, { goal, write: argv["write"] === true });
    }),
};
