/** The demo from its first line to its last one: the engine, the steps, the table, what next. */

import type { CommandContext } from "../command.ts";
import { findEngine } from "../engine/location.ts";
import type { Engine } from "../engine/location.ts";
import { describeProgress } from "../engine/way.ts";
import type { EngineProgress } from "../engine/way.ts";
import { paint } from "../report/paint.ts";
import type { Paint } from "../report/paint.ts";
import { runDemo } from "./demo.ts";
import type { DemoResult } from "./result.ts";
import { Screen } from "./screen.ts";
import { conclusionLines, tableLines } from "./table.ts";

export interface DemoWishes {
  /** Requests per second, where this machine bears as many. */
  readonly rate: number;
  readonly keep: boolean;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** True when everything was as promised. */
export async function presentDemo(context: CommandContext, wishes: DemoWishes): Promise<boolean> {
  const { json } = context.options;
  const color = !json && context.options.color && outputTakesColor();
  const screen = json ? silentScreen() : terminalScreen(color);
  const { signal, forget } = watchInterrupts(screen);
  try {
    tellTitle(screen);
    await engineFor(screen, signal);
    const { rate: ratePerSecond, keep } = wishes;
    const result = await runDemo({ ratePerSecond, keep, color, screen, signal });
    context.print({ text: closing(result, screen), data: result });
    return result.ok;
  } finally {
    forget();
  }
}

/** Aborted by the first signal, and where nobody reads the output any more. */
function watchInterrupts(screen: Screen): { signal: AbortSignal; forget: () => void } {
  const abort = new AbortController();
  const onLostOutput = (): void => {
    abort.abort();
  };
  const onSignal = (): void => {
    screen.line();
    screen.say(
      "Stopping: the step under way ends, then everything goes; once more leaves at once.",
    );
    abort.abort();
  };
  for (const name of signals) process.once(name, onSignal);
  process.stdout.on("error", onLostOutput);
  const forget = (): void => {
    for (const name of signals) process.off(name, onSignal);
    process.stdout.off("error", onLostOutput);
  };
  return { signal: abort.signal, forget };
}

/** The steps are told on stdout, while commands tell theirs on stderr. */
function outputTakesColor(): boolean {
  return process.stdout.isTTY || process.env["FORCE_COLOR"] !== undefined;
}

function terminalScreen(color: boolean): Screen {
  const { stdout } = process;
  return new Screen({
    write: (text) => stdout.write(text),
    width: stdout.isTTY ? stdout.columns : 100,
    interactive: stdout.isTTY && process.env["TERM"] !== "dumb",
    paint: paint(color),
  });
}

function silentScreen(): Screen {
  return new Screen({
    write: () => undefined,
    width: 100,
    interactive: false,
    paint: paint(false),
  });
}

function tellTitle(screen: Screen): void {
  screen.line(screen.paint.bold("Blue-green deployment with Pulumi, under load, on this machine"));
}

/** Before anything else: the commands below find the same one. */
async function engineFor(screen: Screen, signal: AbortSignal): Promise<Engine> {
  let phase = "";
  const progress = (now: EngineProgress): void => {
    screen.live(describeProgress(now));
    if (screen.interactive || now.phase === phase) return;
    phase = now.phase;
    screen.say(describeProgress(now));
  };
  const engine = await findEngine({ env: process.env, progress, signal });
  screen.say(screen.paint.dim(`Pulumi ${engine.version}: ${engine.pulumi}`));
  return engine;
}

function closing(result: DemoResult, { paint: style }: Screen): string {
  const table = ["", ...tableLines(result, style), ""];
  if (!result.ok) return [...table, style.red("The demo isn't as promised, see above.")].join("\n");
  const next = result.kept ? goingOn(result.kept, style) : whatNext(style);
  return [...table, ...conclusionLines(result, style), "", ...next].join("\n");
}

function whatNext({ bold }: Paint): readonly string[] {
  const rows = [
    ["bin/bluegreen demo --keep", "the same, and the application stays for you to try"],
    ["bin/bluegreen init", "begin with your own application"],
    ["bin/bluegreen --help", "all commands; README.md says more"],
  ] as const;
  return rows.map(([command, means]) => `${bold(command.padEnd(27))}${means}`);
}

function goingOn({ folder, url }: NonNullable<DemoResult["kept"]>, { bold }: Paint) {
  return [
    `The application goes on at ${url}. To work on it:`,
    `  ${bold(`cd ${folder} && . ./env.sh`)}`,
    `  ${bold("bluegreen status")}`,
    `  ${bold("bluegreen deploy --version 5")}`,
    "To remove it:",
    `  ${bold("bluegreen down --stop-serving --yes")}`,
    `  ${bold(`cd .. && rm -r ${folder}`)}`,
  ];
}
