/** `npm run bench`: measures on this machine, judges nothing; `--help` names the options. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchDriver } from "./driver.ts";
import { benchFlips } from "./flips.ts";
import { describeMachine, thisMachine } from "./machine.ts";
import { formatRows } from "./table.ts";
import type { Row } from "./table.ts";
import { benchThroughput } from "./throughput.ts";

const usage = `npm run bench [local] -- [options]

Measures the local platform on this machine. Takes about three minutes.

  --only PART      flips, driver or throughput; may be given several times
  --switches N     flips under load (100)
  --rate N         requests per second during the flips (1000)
  --runs N         pairs of runs of the other two parts (7)
  --json           also writes all measured values to bench/results/
`;

interface Part {
  readonly title: string;
  readonly run: () => Promise<{
    readonly rows: readonly Row[];
    readonly notes: readonly string[];
    readonly raw: unknown;
  }>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    switches: { type: "string", default: "100" },
    rate: { type: "string", default: "1000" },
    runs: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const parts: Readonly<Record<string, Part>> = {
  flips: {
    title: "Flips of the router under load",
    run: () =>
      benchFlips({
        switches: wholeNumber("switches", values.switches),
        ratePerSecond: wholeNumber("rate", values.rate),
      }),
  },
  driver: {
    title: "The driver against a bare pulumi up",
    run: () => benchDriver({ runs: wholeNumber("runs", values.runs) }),
  },
  throughput: {
    title: "The router against a direct connection",
    run: () => benchThroughput({ runs: wholeNumber("runs", values.runs) }),
  },
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
  const names = values.only ?? Object.keys(parts);
  return names.map((name) => [name, parts[name] ?? refuse(`there is no part ${name}`)]);
}

async function main(): Promise<void> {
  const unknown = positionals.find((name) => name !== "local");
  if (unknown !== undefined) refuse(`${unknown} can't be measured yet`);
  const chosen = chosenParts();
  const machine = thisMachine();
  process.stdout.write(`${describeMachine(machine)}\n`);
  const raw: Record<string, unknown> = {};
  for (const [name, part] of chosen) {
    const result = await part.run();
    raw[name] = result.raw;
    const notes = result.notes.map((note) => `${note}\n`).join("");
    process.stdout.write(`\n${part.title}\n\n${formatRows(result.rows)}\n\n${notes}`);
  }
  if (values.json) process.stdout.write(`\n${store({ machine, parts: raw })}\n`);
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
else await main();
