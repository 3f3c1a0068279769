/** `npm run bench`: measures on this machine, judges nothing; `--help` names the options. */

import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dialectPart, judgingParts, localParts, recoveryParts } from "./parts.ts";
import type { BenchOptions, Part } from "./parts.ts";
import { describeMachine, thisMachine } from "./machine.ts";
import { describeProgram, findProgram, missingSentence } from "./proxy/programs.ts";

const usage = `npm run bench [local | proxy | judging | recovery] -- [options]

local (default): the local platform on this machine. Takes about three minutes.
proxy: switches of nginx and HAProxy against the usual reload. Takes about eleven minutes.
judging: simulated releases, judged as a bake does. Takes about five minutes of two processors.
recovery: deploys releases that turn bad, under load. Takes about six minutes.

  --only PART      local: flips, driver or throughput; proxy: nginx or haproxy;
                   judging: good, hard, bad, looks, faults, late or quiet;
                   may be given several times
  --switches N     switches under load, for each way (100)
  --rate N         requests per second during the switches (local 1000, proxy 1100, recovery 200)
  --runs N         local: pairs of runs of the other two parts (7);
                   judging: runs of each cell (by part, 200 to 500);
                   recovery: releases of each kind (3)
  --seed N         judging: seed of everything that happens by chance (20261121)
  --json           also writes all measured values to bench/results/
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    switches: { type: "string", default: "100" },
    rate: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string", default: "20261121" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Ends a part early, so that it can end what it started. */
const interrupted = new AbortController();

const benches: Readonly<Record<string, Readonly<Record<string, Part>>>> = {
  local: localParts,
  judging: judgingParts,
  recovery: recoveryParts,
  proxy: { nginx: dialectPart("nginx"), haproxy: dialectPart("haproxy") },
};

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  return refuse(`--${name} ${text} isn't a whole number above 0`);
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n\n${usage}`);
  process.exit(2);
}

function chosenParts(): readonly (readonly [string, Part])[] {
  const [bench = "local", ...more] = positionals;
  const parts = benches[bench];
  if (!parts || more.length > 0) refuse(`${more[0] ?? bench} can't be measured`);
  const names = values.only ?? Object.keys(parts);
  return names.map((name) => [name, parts[name] ?? refuse(`there is no part ${name}`)]);
}

/** The programs' names and versions; ends with 2 where one is missing. */
function programsOf(parts: readonly (readonly [string, Part])[]): readonly string[] {
  const names = parts.flatMap(([, { programs = [] }]) => programs);
  const missing = names.filter((name) => findProgram(name) === null);
  if (missing.length > 0) {
    process.stderr.write(`${missingSentence(missing)}\n`);
    process.exit(2);
  }
  return names.map((name) => describeProgram(name, findProgram(name) ?? name));
}

function optionsGiven(): BenchOptions {
  return {
    switches: wholeNumber("switches", values.switches),
    ratePerSecond: values.rate === undefined ? null : wholeNumber("rate", values.rate),
    runs: values.runs === undefined ? null : wholeNumber("runs", values.runs),
    seed: wholeNumber("seed", values.seed),
    signal: interrupted.signal,
  };
}

async function main(): Promise<void> {
  const [chosen, options] = [chosenParts(), optionsGiven()];
  const programs = programsOf(chosen);
  const machine = thisMachine();
  process.stdout.write(`${[describeMachine(machine), ...programs].join(", ")}\n`);
  const raw: Record<string, unknown> = {};
  for (const [name, part] of chosen) {
    const result = await part.run(options);
    raw[name] = result.raw;
    const notes = result.notes.map((note) => `${note}\n`).join("");
    process.stdout.write(`\n${part.title}\n\n${result.table}\n\n${notes}`);
  }
  process.stdout.write(`\nload average at the end ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
  if (values.json) process.stdout.write(`\n${store({ machine, programs, parts: raw })}\n`);
}

/** @returns the file's path */
function store(result: unknown): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replaceAll(":", "-")}.json`);
  writeFileSync(file, `${JSON.stringify(result)}\n`);
  return file;
}

if (values.help) process.stdout.write(usage);
else {
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(name, () => {
      process.exitCode = code;
      interrupted.abort();
    });
  }
  await main().catch((error: unknown) => {
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write("interrupted; everything that was started has been ended\n");
  });
}
