/** `bluegreen preview`: what a switch or a release would do, for a person or a pull request. */

import { wordsFor } from "../../infra/environment-words.ts";
import type { Color } from "../../infra/model.ts";
import { colors } from "../../infra/model.ts";
import { runCommand } from "../command.ts";
import type { CommandContext } from "../command.ts";
import { tellIfSlow } from "../slow-work.ts";
import { describeExitCodes, exitCodeOf } from "../preview/exit.ts";
import type { Asked, PreviewSummary } from "../preview/summary.ts";
import type { Arguments, Command } from "./command.ts";
import { versionOf, withVersion } from "./options.ts";

const formats = ["terminal", "markdown", "json"] as const;

type Format = (typeof formats)[number];

export const preview: Command = {
  usage: "preview",
  describe: "what a switch or a release would do; takes no lock and changes nothing",
  examples: [
    ["bluegreen preview", "what `pulumi up` would do with the settings file as it is"],
    ["bluegreen preview --switch green", "what `bluegreen switch green` would do"],
    ["bluegreen preview --version 3", "what `bluegreen deploy --version 3` would do"],
    ["bluegreen preview -s prod --format markdown", "for a comment on a pull request"],
  ],
  options: (parser) =>
    withVersion(parser, "preview a deploy of this release")
      .option("switch", { choices: colors, describe: "preview a switch to this color" })
      .conflicts("switch", "version")
      .option("format", { choices: formats, default: "terminal", describe: "of the result" })
      .option("exit-code", {
        type: "boolean",
        default: false,
        describe: `tell by the exit code (${describeExitCodes()}); without it 0, or 3 when refused`,
      }),
  run: async (argv) => {
    const ended = { code: 0 };
    const failed = await runCommand("preview", argv, async (context) => {
      ended.code = await show(context, argv);
    });
    return failed === 0 ? ended.code : failed;
  },
};

/** Nobody waits for longer without a word. */
const silenceMs = 3_000;

async function show(context: CommandContext, argv: Arguments): Promise<number> {
  const asked = askedOf(argv);
  const { preview: previewOf } = await import("../preview/preview.ts");
  const { cwd, stack } = context.options;
  const work = previewOf({ cwd, stack, asked, reporter: context.aside });
  const summary = await tellIfSlow(work, silenceMs, () => {
    context.aside.on({ kind: "Noted", sentence: "asking the engine what would change" });
  });
  const format = argv.json ? "json" : (argv["format"] as Format);
  const worded = wordsFor(summary, stack);
  process.stdout.write(await render(worded, format, process.stdout.isTTY && argv.color));
  return exitCodeOf(summary.outcome, argv["exit-code"] === true);
}

function askedOf(argv: Arguments): Asked {
  const color = argv["switch"];
  if (color !== undefined) return { kind: "switch", color: color as Color };
  const version = versionOf(argv, "preview");
  return version === null ? { kind: "file" } : { kind: "deploy", version };
}

async function render(summary: PreviewSummary, format: Format, color: boolean): Promise<string> {
  switch (format) {
    case "json": {
      const { renderJson } = await import("../preview/json.ts");
      return `${renderJson(summary)}\n`;
    }
    case "markdown": {
      const { renderMarkdown } = await import("../preview/markdown.ts");
      return renderMarkdown(summary);
    }
    case "terminal": {
      const { renderTerminal } = await import("../preview/terminal.ts");
      return renderTerminal(summary, { color });
    }
  }
}
