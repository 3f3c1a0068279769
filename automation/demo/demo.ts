/** Runs the demo's steps one after the other, and leaves nothing behind, however it ends. */

import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { cleanUp } from "./cleanup.ts";
import { logTails } from "./logs.ts";
import { makeProject } from "./project.ts";
import type { DemoFailure, DemoResult, StepRow, TrafficRow } from "./result.ts";
import { resultOf } from "./result.ts";
import type { Screen } from "./screen.ts";
import { expectTraffic, Stage, Unexpected } from "./stage.ts";
import type { Step } from "./step.ts";
import { demoSteps } from "./steps.ts";
import { badUntilBack, count, seconds } from "./table.ts";

export interface DemoOptions {
  /** Requests per second of the load, at most. */
  readonly ratePerSecond: number;
  /** Leaves the application running, and says how to go on. */
  readonly keep: boolean;
  /** Colors in what the commands print. */
  readonly color: boolean;
  readonly screen: Screen;
  /** Aborted by an interrupt: the step that is under way ends, then everything goes. */
  readonly signal: AbortSignal;
}

/** Rejects with INTERRUPTED only; what isn't as promised is the result's failure. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { screen, ratePerSecond: wish, keep, signal } = options;
  const began = performance.now();
  const project = await makeProject({ color: options.color, ratePerSecond: wish });
  const stage = new Stage({ project, screen, ratePerSecond: wish, signal });
  const forget = watch(stage, signal);
  const steps: StepRow[] = [];
  let kept = false;
  try {
    const failure = await runSteps(stage, demoSteps({ keep }), steps);
    kept = keep && failure === null;
    const ms = performance.now() - began;
    const where = kept ? { folder: project.folder, url: project.url } : null;
    const { ratePerSecond, final: count } = stage;
    return resultOf({ steps, failure, ratePerSecond, ms, count, kept: where });
  } catch (error) {
    throw signal.aborted ? interruption() : error;
  } finally {
    if (!kept) await cleanUp(stage);
    forget();
  }
}

async function runSteps(
  stage: Stage,
  steps: readonly Step[],
  rows: StepRow[],
): Promise<DemoFailure | null> {
  for (const [index, step] of steps.entries()) {
    stage.screen.title(`${index + 1}/${steps.length}`, step.title);
    stage.screen.say(step.say);
    try {
      rows.push(await runStep(stage, step));
    } catch (error) {
      if (stage.interrupted) throw error;
      return failureOf(stage, step, error);
    }
  }
  return null;
}

async function runStep(stage: Stage, step: Step): Promise<StepRow> {
  const began = performance.now();
  await step.run(stage);
  const traffic = await stage.takeTraffic(step);
  if (traffic) tellTraffic(stage.screen, traffic);
  if (traffic && step.answeredBy) expectTraffic(traffic, step.answeredBy);
  return {
    name: step.name,
    moves: step.moves === true,
    ms: Math.round(performance.now() - began),
    commands: stage.takeCommands(),
    traffic,
  };
}

function tellTraffic(screen: Screen, row: TrafficRow): void {
  const { paint } = screen;
  const { sent, failed, brokenRelease, backAfter, longestGapMs, reconnects } = row;
  const again = reconnects > 0 ? `, ${count(reconnects)} WebSockets reconnected` : "";
  const style = failed > 0 ? paint.red : paint.green;
  const good = `${count(failed)} of ${count(sent)} requests failed`;
  screen.fact(style(failed > 0 ? "no" : "ok"), `${good}, longest gap ${longestGapMs} ms${again}`);
  if (backAfter === null) return;
  screen.fact(
    paint.yellow("500"),
    `${badUntilBack(backAfter.failureMs, brokenRelease)}, that's the point ` +
      `(${seconds(backAfter.switchMs)} after the switch)`,
  );
}

function failureOf({ project, screen }: Stage, step: Step, error: unknown): DemoFailure {
  const told =
    error instanceof Unexpected
      ? { expected: error.expected, got: error.got }
      : { expected: "no error", got: messageOf(error) };
  const failure = { step: step.name, ...told, logs: logTails(project) };
  const { paint } = screen;
  screen.line();
  screen.line(paint.red(`The step "${step.title}" isn't as promised.`));
  screen.fact("expected", failure.expected);
  failure.got.split("\n").forEach((line, i) => {
    screen.fact(i === 0 ? "got     " : "        ", line);
  });
  failure.logs.forEach(screen.output.bind(screen));
  return failure;
}

function interruption(): BlueGreenError {
  return new BlueGreenError("INTERRUPTED", "the demo was stopped, nothing of it is left", {
    hint: "`bluegreen demo` begins anew",
  });
}

/** An interrupt reaches the command that runs; a second one ends everything at once. */
function watch(stage: Stage, signal: AbortSignal): () => void {
  const onAbort = (): void => {
    stage.shell.interrupt();
  };
  const onExit = (): void => {
    stage.shell.kill();
    stage.killLoad();
    stage.screen.line(`left behind, with what runs in it: ${stage.project.folder}`);
  };
  signal.addEventListener("abort", onAbort);
  process.on("exit", onExit);
  return () => {
    signal.removeEventListener("abort", onAbort);
    process.off("exit", onExit);
  };
}
