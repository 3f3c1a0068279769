/** What can be measured, each part with its title and how it is run. */

import type { DialectName } from "../infra/platforms/proxy/spec.ts";
import { benchDriver } from "./driver.ts";
import { benchFlips } from "./flips.ts";
import { findProgram } from "./proxy/programs.ts";
import { benchProxy } from "./proxy/proxy-switches.ts";
import { formatRows } from "./table.ts";
import type { Row } from "./table.ts";
import { benchThroughput } from "./throughput.ts";

export interface BenchOptions {
  readonly switches: number;
  /** Null: the part's own. */
  readonly ratePerSecond: number | null;
  readonly runs: number;
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
    run: ({ runs }) => withTable(benchDriver({ runs })),
  },
  throughput: {
    title: "The router against a direct connection",
    run: ({ runs }) => withTable(benchThroughput({ runs })),
  },
};

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
