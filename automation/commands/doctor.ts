/** `bluegreen doctor`: looks at everything a deployment depends on, and says what to do. */

import { join } from "node:path";
import type { DoctorReport } from "../doctor/finding.ts";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { paint } from "../report/paint.ts";
import { exitCodes } from "../../infra/errors.ts";
import type { Command } from "./command.ts";

export const doctor: Command = {
  usage: "doctor",
  describe: "look for what is wrong, from the engine to the last process; changes nothing",
  examples: [
    ["bluegreen doctor", "exit code 0 without a problem, 5 with one"],
    ["bluegreen doctor --systemd", "print a unit that runs `bluegreen up` after a reboot"],
  ],
  options: (parser) =>
    parser.option("systemd", {
      type: "boolean",
      default: false,
      describe: "print a systemd user unit instead",
    }),
  run: async (argv) => {
    const seen = { problems: 0 };
    const exit = await runCommand("doctor", argv, async (context) => {
      if (argv["systemd"] === true) await printUnit(context);
      else seen.problems = await printFindings(context);
    });
    return exit === exitCodes.done.code && seen.problems > 0 ? exitCodes.stuck.code : exit;
  },
};

async function printFindings({ options, print }: CommandContext): Promise<number> {
  const { examine } = await import("../doctor/examination.ts");
  const { doctorSchema } = await import("../doctor/finding.ts");
  const { renderFindings } = await import("../doctor/render.ts");
  const findings = await examine(options);
  const problems = findings.filter(({ level }) => level === "problem").length;
  const data: DoctorReport = { schema: doctorSchema, problems, findings };
  print({ text: renderFindings(findings, paint(options.color)), data });
  return problems;
}

async function printUnit({ options, aside, print }: CommandContext): Promise<void> {
  const { unitText } = await import("../doctor/systemd.ts");
  const { checkoutFolder } = await import("../engine/folders.ts");
  const { openProject } = await import("../project.ts");
  const { application, cwd } = openProject({ ...options, reporter: aside });
  const executable = join(checkoutFolder, "bin", "bluegreen");
  const environment = options.stack;
  const text = unitText({ application, environment, executable, cwd, env: process.env });
  print({ text: text.trimEnd(), data: { unit: text } });
}
