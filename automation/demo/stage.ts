/** What a step of the demo works with: the project, commands, the load, and what is expected. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadCount } from "./load-facts.ts";
import { startLoad } from "./load.ts";
import type { Load } from "./load.ts";
import { measuredPace, rateFor } from "./pace.ts";
import type { DemoProject } from "./project.ts";
import type { CommandRow, TrafficRow } from "./result.ts";
import { brokenVersion, ownFailures, trafficProblems, trafficRow } from "./result.ts";
import type { Screen } from "./screen.ts";
import { Shell } from "./shell.ts";
import type { CommandRun } from "./shell.ts";
import type { StepFacts } from "./step-facts.ts";
import { count, seconds } from "./table.ts";

/** What a command should do. */
export interface Expected {
  readonly exitCode: number | "not 0";
  /** Somewhere in its output. */
  readonly says?: RegExp;
}

/** The demo met something else than it promised. */
export class Unexpected extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.name = "Unexpected";
    this.expected = expected;
    this.got = got;
  }
}

const liveEveryMs = 400;
const firstAnswersMs = 10_000;
const lookMs = 50;
/** The claim on lost requests rests on so many of them: on a fast machine they are waited for. */
const watchedRequests = 20_300;
/** Of a slow load as many as it sends in this time are enough. */
const watchedMs = 60_000;
const worthTellingMs = 300;
/** The load ends by itself if the demo doesn't end it. */
const maxLoadMs = 900_000;

export class Stage {
  readonly project: DemoProject;
  readonly screen: Screen;
  /** Of the load; as wished until the machine was measured. */
  ratePerSecond: number;
  readonly shell: Shell;
  /** The counts at the end of the load; null before. */
  final: LoadCount | null = null;
  readonly #signal: AbortSignal;
  #load: Load | null = null;
  /** Requests up to the last mark, and those of them in steps that move traffic. */
  #sent = { all: 0, moving: 0 };
  #commands: CommandRow[] = [];

  constructor(options: {
    readonly project: DemoProject;
    readonly screen: Screen;
    readonly ratePerSecond: number;
    readonly signal: AbortSignal;
  }) {
    this.project = options.project;
    this.screen = options.screen;
    this.ratePerSecond = options.ratePerSecond;
    this.#signal = options.signal;
    this.shell = new Shell(options.project);
  }

  get interrupted(): boolean {
    return this.#signal.aborted;
  }

  /** Runs a command before the reader's eyes; throws Unexpected when it does something else. */
  async bluegreen(args: string, expected: Expected): Promise<CommandRun> {
    const { screen } = this;
    this.#signal.throwIfAborted();
    screen.command(`bluegreen ${args}`);
    const stopLive = this.#showLive();
    const run = await this.shell
      .bluegreen(args, (line) => {
        if (line.trim() !== "") screen.output(line);
      })
      .finally(stopLive);
    const { command, exitCode, ms } = run;
    this.#commands.push({ command, exitCode, ms: Math.round(ms) });
    this.#signal.throwIfAborted();
    expectRun(run, expected);
    const why = exitCode === 0 ? "" : ", as it should be";
    screen.fact(screen.paint.green("ok"), `exit code ${String(exitCode)}${why}, ${seconds(ms)}`);
    return run;
  }

  /** Resolves when the first answers to a load that this machine bears are there. */
  async startLoad(): Promise<void> {
    const { project } = this;
    const perSecond = await measuredPace(project.url, this.#signal);
    const ratePerSecond = rateFor(perSecond, this.ratePerSecond);
    this.ratePerSecond = ratePerSecond;
    this.#load = await startLoad({ url: project.url, ratePerSecond, maxMs: maxLoadMs });
    const deadline = performance.now() + firstAnswersMs;
    while ((await this.#load.count()).ok < ratePerSecond) {
      if (performance.now() > deadline) {
        throw new Unexpected(`${ratePerSecond} answers`, `none of them in ${firstAnswersMs} ms`);
      }
      await sleep(lookMs, undefined, { signal: this.#signal });
    }
  }

  /** Ends the load; its orders are checked. */
  async stopLoad(): Promise<LoadCount> {
    assert(this.#load, "the load runs");
    const load = this.#load;
    this.#load = null;
    this.final = await load.stop();
    return this.final;
  }

  /** The commands of the step that ends now. */
  takeCommands(): readonly CommandRow[] {
    const taken = this.#commands;
    this.#commands = [];
    return taken;
  }

  /** How clients met the step that ends now; null while there is no load. */
  async takeTraffic(step: StepFacts): Promise<TrafficRow | null> {
    if (!this.#load) return null;
    const row = trafficRow(await this.#load.mark(step.name), step.broken ?? null);
    const { all, moving } = this.#sent;
    const moved = step.moves === true ? row.sent : 0;
    this.#sent = { all: all + row.sent, moving: moving + moved };
    return row;
  }

  /** Watches on until the steps that move traffic, this one included, are worth their claim. */
  async watchOn(): Promise<void> {
    const began = performance.now();
    const { all, moving } = this.#sent;
    const enough = Math.min(watchedRequests, (watchedMs / 1_000) * this.ratePerSecond);
    const sent = async (): Promise<number> => (await this.#load?.count())?.sent ?? enough + all;
    while (moving + (await sent()) - all < enough && performance.now() - began < watchedMs) {
      await sleep(lookMs, undefined, { signal: this.#signal });
    }
    const ms = performance.now() - began;
    if (ms > worthTellingMs) this.screen.say(`Traffic is watched on for ${seconds(ms)}.`);
  }

  killLoad(): void {
    this.#load?.kill();
    this.#load = null;
  }

  /** Returns the function that ends it. */
  #showLive(): () => void {
    if (!this.screen.interactive) return () => undefined;
    const began = performance.now();
    const show = async (): Promise<void> => {
      const traffic = (await this.#load?.count().then(liveWords)) ?? "";
      if (!done) this.screen.live(`${seconds(performance.now() - began)}${traffic}`);
    };
    let done = false;
    const timer = setInterval(() => {
      // Whoever marks or stops the load hears of its end; a missing live line says nothing.
      void show().catch(() => undefined);
    }, liveEveryMs);
    return () => {
      done = true;
      clearInterval(timer);
      this.screen.clear();
    };
  }
}

function liveWords(now: LoadCount): string {
  const own = ownFailures(now, brokenVersion);
  const broken = own > 0 ? ` and ${count(own)} answered 500 by release 4` : "";
  return `   ${count(now.sent)} requests, ${count(now.failed - own)} failed${broken}`;
}

function expectRun({ command, exitCode, output }: CommandRun, expected: Expected): void {
  const right =
    expected.exitCode === "not 0"
      ? exitCode !== null && exitCode !== 0
      : exitCode === expected.exitCode;
  if (!right) {
    const tail = output.slice(-5).join("\n");
    throw new Unexpected(
      `exit code ${expected.exitCode} of \`${command}\``,
      `${exitCode === null ? "an end by a signal" : `exit code ${exitCode}`}:\n${tail}`,
    );
  }
  const { says } = expected;
  if (says && !output.some((line) => says.test(line))) {
    throw new Unexpected(`${says.source} in the output of \`${command}\``, output.join("\n"));
  }
}

/** Throws Unexpected when clients met what they should not have met. */
export function expectTraffic(row: TrafficRow, versions: readonly string[]): void {
  const problems = trafficProblems(row, versions);
  if (problems.length === 0) return;
  const releases = versions.map((version) => `release ${version}`).join(" and ");
  throw new Unexpected(`good answers only, from ${releases}`, problems.join("; "));
}
