/** What can be measured, each part with its title and how it is run. */

import type { DialectName } from "../infra/platforms/proxy/spec.ts";
import { benchDriver } from "./driver.ts";
import { benchFlips } from "./flips.ts";
import { benchJudging } from "./judging/judging.ts";
import type { JudgingPart } from "./judging/judging.ts";
import { findProgram } from "./proxy/programs.ts";
import { benchProxy } from "./proxy/proxy-switches.ts";
import { benchRecovery } from "./recovery.ts";
import { formatRows } from "./table.ts";
import type { Row } from "./table.ts";
import { benchThroughput } from "./throughput.ts";

export interface BenchOptions {
  readonly switches: number;
  /** Null: the part's own. */
  readonly ratePerSecond: number | null;
  /** Null: the part's own. */
  readonly runs: number | null;
  readonly seed: number;
  readonly signal: AbortSignal;
}

export interface Result {
  readonly table: string;
  readonly notes: readonly string[];
  readonly raw: unknown;
}

export interface Part {
  readonly title: string;
  /** Programs that must be on this machine. */
  readonly programs?: readonly string[];
  readonly run: (options: BenchOptions) => Promise<Result>;
}

const localRate = 1_000;
const localPairs = 7;
/** So that not even a slow second falls below 1,000. */
const proxyRate = 1_100;

export const localParts: Readonly<Record<string, Part>> = {
  flips: {
    title: "Flips of the router under load",
    run: ({ switches, ratePerSecond }) =>
      withTable(benchFlips({ switches, ratePerSecond: ratePerSecond ?? localRate })),
  },
  driver: {
    title: "The driver against a bare pulumi up",
    run: ({ runs }) => withTable(benchDriver({ runs: runs ?? localPairs })),
  },
  throughput: {
    title: "The router against a direct connection",
    run: ({ runs }) => withTable(benchThroughput({ runs: runs ?? localPairs })),
  },
};

const recoveryRate = 200;
const recoveryRuns = 3;

export const recoveryParts: Readonly<Record<string, Part>> = {
  recovery: {
    title: "From a release that turns bad in its bake to all traffic on the former color",
    run: ({ runs, ratePerSecond, signal }) =>
      withTable(
        benchRecovery({
          runs: runs ?? recoveryRuns,
          ratePerSecond: ratePerSecond ?? recoveryRate,
          signal,
        }),
      ),
  },
};

const judgingTitles: Readonly<Record<JudgingPart, string>> = {
  good: "Releases as good as the former color: how many are rolled back",
  hard: "The same with longer bursts, and with little history",
  bad: "Bad releases: median requests until they are found, with a look every 50 ms at 200/s",
  looks: "Bad releases, with the default look every 2 s",
  faults: "Outages and slow releases",
  late: "Breakage that starts late in the bake: requests and seconds from then on",
  quiet: "Bakes that see too little: how they end",
};

export const judgingParts: Readonly<Record<string, Part>> = Object.fromEntries(
  (Object.entries(judgingTitles) as [JudgingPart, string][]).map(([name, title]) => [
    name,
    { title, run: (options: BenchOptions) => benchJudging(name, options) },
  ]),
);

export function dialectPart(dialect: DialectName): Part {
  const name = dialect === "nginx" ? "nginx" : "HAProxy";
  return {
    title: `Switches of ${name} under load: bluegreen, and the upstream's address edited and reloaded`,
    programs: [dialect],
    run: ({ switches, ratePerSecond, signal }) => {
      const program = findProgram(dialect) ?? dialect;
      const rate = ratePerSecond ?? proxyRate;
      return benchProxy({ dialect, program, switches, ratePerSecond: rate, signal });
    },
  };
}

async function withTable(
  measured: Promise<Omit<Result, "table"> & { readonly rows: readonly Row[] }>,
): Promise<Result> {
  const { rows, notes, raw } = await measured;
  return { table: formatRows(rows), notes, raw };
}
