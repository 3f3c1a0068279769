/** What every command shares: global options, reporters, signals, and how it ends. */

import type { Settings } from "../infra/config.ts";
import { BlueGreenError, exitCodes, messageOf } from "../infra/errors.ts";
import type { Event, Reporter } from "./event.ts";
import { journalFolder, openJournal } from "./journal.ts";
import { surviveLostOutput } from "./lost-output.ts";
import { notifiedRun } from "./notify/notified-run.ts";
import { newRolloutId, thisOwner } from "./owner.ts";
import { isReported } from "./reported-errors.ts";
import { jsonReporter } from "./report/json.ts";
import { terminalReporter } from "./report/terminal.ts";
import type { Output } from "./report/terminal.ts";
import type { Session, SessionOptions } from "./session.ts";
import { StepUnderWay } from "./step-under-way.ts";
import { withEnvironment, wordsFor } from "../infra/environment-words.ts";

/** Options of every command. */
export interface GlobalOptions {
  /** Name of the environment; default `dev`, or BLUEGREEN_STACK. */
  readonly stack: string;
  /** Folder with Pulumi.yaml; default: the current one. */
  readonly cwd: string;
  /** One JSON document or one event per line on stdout, nothing else there. */
  readonly json: boolean;
  /** Answers every question with yes. */
  readonly yes: boolean;
  readonly color: boolean;
  /** Also the engine's steps. */
  readonly verbose: boolean;
}

export interface CommandContext {
  readonly options: GlobalOptions;
  readonly reporter: Reporter;
  /** As `reporter`, but silent with `--json`: for commands whose output is one document. */
  readonly aside: Reporter;
  /** True after the first Ctrl-C or SIGTERM: end after the step that is under way. */
  readonly interrupted: () => boolean;
  /** Aborted with it: ends what would only wait, such as checks. */
  readonly signal: AbortSignal;
  /** Of a new rollout, and of this run's event log. */
  readonly runId: string;
  /** Final result for people and for `--json`. */
  readonly print: (result: Result) => void;
  readonly openSession: (
    options?: Pick<SessionOptions, "lockMs" | "allowFetch" | "deadline" | "overrideFreeze">,
  ) => Promise<Session>;
  /** Opens the event log and tells others where no session can be had; nothing where one was. */
  readonly beginWithout: (settings: Settings) => Promise<void>;
}

export interface Result {
  /** For people; may have several lines. */
  readonly text: string;
  /** For `--json`. */
  readonly data: unknown;
}

export interface RunOptions {
  /** The command goes on until it is stopped: a signal is its normal end and needs no words. */
  readonly endless?: boolean;
}

/**
 * Runs a command's work and returns the exit code; prints an error once, with its code and hint.
 * A second signal leaves at once; what is half done can be continued by the same command.
 */
export async function runCommand(
  name: string,
  options: GlobalOptions,
  work: (context: CommandContext) => Promise<void>,
  { endless = false }: RunOptions = {},
): Promise<number> {
  const output: Output = {
    color: options.color,
    interactive: process.stderr.isTTY && !options.json,
    verbose: options.verbose,
  };
  const reporter = options.json ? jsonReporter() : terminalReporter(output);
  const step = new StepUnderWay(Date.now);
  const signals = watchSignals(reporter, step, { endless });
  const runId = newRolloutId(Date.now());
  const state: { journal: Reporter | null } = { journal: null };
  surviveRejections((sentence, stack) => {
    state.journal?.on({ kind: "Noted", sentence });
    if (options.verbose) process.stderr.write(`${sentence}\n${stack}\n`);
  });
  surviveLostOutput(() => {
    if (endless) process.emit("SIGINT");
    else for (const each of [state.journal, reporter]) each?.on(unread);
  });
  const { reporter: held, end } = finishedLast((said) => {
    const event = wordsFor(said, options.stack);
    step.on(event);
    // A log that can't be written complains, so it comes first: nothing comes after an end.
    state.journal?.on(event);
    reporter.on(event);
  });
  const others = notifiedRun(held, options.stack);
  const { reporter: fanOut } = others;
  const begin = async (settings: Settings, session: Session | null): Promise<void> => {
    const { application } = settings;
    if (application === null || state.journal !== null) return;
    const folder = journalFolder(application, options.stack);
    state.journal = journalIn(folder, runId, reporter);
    await others.begin({ settings, application, session, folder });
    fanOut.on({ kind: "Started", command: name, rolloutId: runId, by: thisOwner() });
  };
  const context: CommandContext = {
    options,
    reporter: fanOut,
    aside: options.json ? { on: () => undefined } : fanOut,
    interrupted: () => signals.signal.aborted,
    signal: signals.signal,
    runId,
    print: (result) => {
      const text = options.json ? JSON.stringify(result.data) : result.text;
      process.stdout.write(`${withEnvironment(text, options.stack)}\n`);
    },
    openSession: async (more = {}) => {
      const { openSession } = await import("./session.ts");
      const { faultBoundary } = await import("./fault.ts");
      const session = await openSession({
        cwd: options.cwd,
        stack: options.stack,
        reporter: fanOut,
        boundary: faultBoundary(process.env),
        ...more,
      });
      await begin({ ...session.settings, application: session.application }, session);
      return session;
    },
    beginWithout: (settings) => begin(settings, null),
  };
  const done = ended(fanOut, options, () => work(context).then(others.end).then(end));
  return done.finally(others.end).finally(signals.stop);
}

function journalIn(folder: string, name: string, reporter: Reporter): Reporter {
  const complain = (sentence: string): void => {
    reporter.on({ kind: "Noted", sentence });
  };
  return openJournal({ folder, name, now: Date.now, complain });
}

const unread: Event = {
  kind: "Noted",
  sentence: "nobody reads what this command prints any more: it goes on without",
};

/** Holds `Finished` back until the work is over, so that it is the last line whatever else is told. */
export function finishedLast(tell: (event: Event) => void): {
  readonly reporter: Reporter;
  readonly end: () => void;
} {
  let finished: Event | null = null;
  return {
    reporter: {
      on(event) {
        if (event.kind === "Finished") finished = event;
        else tell(event);
      },
    },
    end: () => {
      if (finished) tell(finished);
    },
  };
}

async function ended(
  reporter: Reporter,
  options: GlobalOptions,
  work: () => Promise<void>,
): Promise<number> {
  try {
    await work();
    return exitCodes.done.code;
  } catch (error) {
    const event = failureOf(error, options.verbose);
    reporter.on(event);
    return error instanceof BlueGreenError ? error.exitCode : exitCodes.bug.code;
  }
}

function failureOf(error: unknown, verbose: boolean): Event {
  if (error instanceof BlueGreenError) {
    const { code, message, hint = null, details } = error;
    return { kind: "Failed", code, message, hint, details };
  }
  const stack = error instanceof Error && verbose ? (error.stack ?? "").split("\n") : [];
  return {
    kind: "Failed",
    code: "BUG",
    message: messageOf(error),
    hint: "this is a bug in bluegreen; --verbose shows where",
    details: stack,
  };
}

/**
 * Pulumi's runtime leaves late rejections behind after a failed update, whose error was reported
 * already. They end nothing, for as long as this process lives; but a bug may be among them.
 */
function surviveRejections(tell: (sentence: string, stack: string) => void): void {
  process.on("unhandledRejection", (reason) => {
    if (isReported(reason)) return;
    const stack = reason instanceof Error ? (reason.stack ?? "") : "";
    tell(`a rejection that nobody handled: ${messageOf(reason)}`, stack);
  });
}

interface Signals {
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

/** The first signal ends the run after its step, the second one at once. */
function watchSignals(
  reporter: Reporter,
  step: StepUnderWay,
  { endless }: Required<RunOptions>,
): Signals {
  const first = new AbortController();
  const onSignal = (): void => {
    if (first.signal.aborted) process.exit(exitCodes.interrupted.code);
    first.abort();
    if (endless) return;
    reporter.on({ kind: "Noted", sentence: step.stopping() });
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: first.signal,
    stop: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
