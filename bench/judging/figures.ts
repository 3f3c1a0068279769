/** What is said of simulated runs, as rows of a table. Pure. */

import { upperPerMillion } from "../statistics.ts";
import { formatNumber } from "../table.ts";
import { judges } from "./scenario.ts";
import type { JudgeName } from "./scenario.ts";
import type { Simulated } from "./threads.ts";

export const alpha = 0.01;

const titles: Readonly<Record<JudgeName, string>> = {
  bluegreen: "bluegreen",
  fixed: "fixed 5 %",
  argo: "Argo-like",
};

/** How often good releases were rolled back; one row for all cells of the same name, then all. */
export function falseRollbacks(cells: readonly Simulated[]): readonly (readonly string[])[] {
  const rows = Map.groupBy(cells, ({ scenario }) => scenario.row);
  return [
    ["", "runs", "bluegreen", "95 % sure of less than", "worst cell", "fixed 5 %", "Argo-like"],
    ...[...rows].map(([name, some]) => falseRow(name, some)),
    falseRow("all", cells),
  ];
}

function falseRow(name: string, cells: readonly Simulated[]): readonly string[] {
  const runs = cells.reduce((sum, { ends }) => sum + ends.length, 0);
  const found = (judge: JudgeName): number =>
    cells.reduce((sum, cell) => sum + foundIn(cell, judge).length, 0);
  const worst = cells
    .map((cell) => ({ bad: foundIn(cell, "bluegreen").length, runs: cell.ends.length }))
    .toSorted((a, b) => b.bad / b.runs - a.bad / a.runs)[0];
  return [
    name,
    formatNumber(runs),
    formatNumber(found("bluegreen")),
    share(upperPerMillion(found("bluegreen"), runs) / 1e6),
    `${worst?.bad ?? 0} of ${worst?.runs ?? 0}`,
    share(found("fixed") / runs),
    share(found("argo") / runs),
  ];
}

/** Cells in which false rollbacks are more than `alpha` even by luck (three sigma). */
export function brokenPromises(cells: readonly Simulated[]): readonly Simulated[] {
  return cells.filter((cell) => {
    const mean = cell.ends.length * alpha;
    return foundIn(cell, "bluegreen").length > mean + 3 * Math.sqrt(mean * (1 - alpha));
  });
}

/** How fast bad releases were found, by each judge. */
export function detections(
  cells: readonly Simulated[],
  aims: Readonly<Record<string, number>> | null,
): readonly (readonly string[])[] {
  const head = [
    ...["", ...(aims ? ["aim"] : [])],
    ...judges.flatMap((judge) => [`${titles[judge]}, requests`, "s", "found"]),
  ];
  return [
    head,
    ...cells.map((cell) => [
      cell.scenario.row,
      ...(aims ? [formatNumber(aims[cell.scenario.row] ?? 0)] : []),
      ...judges.flatMap((judge) => detection(cell, judge)),
    ]),
  ];
}

function detection(cell: Simulated, judge: JudgeName): readonly string[] {
  const [requests, seconds] = [medianRequests(cell, judge), medianSeconds(cell, judge)];
  return [shown(requests), shown(seconds), share(detectedShare(cell, judge))];
}

/** Found after the release broke: what came before is a false rollback. */
function foundIn({ scenario, ends }: Simulated, judge: JudgeName) {
  return ends.flatMap(({ [judge]: end }) => {
    return end && end.atMs > scenario.breaksAtSecond * 1_000 ? [end] : [];
  });
}

export function detectedShare(cell: Simulated, judge: JudgeName): number {
  return foundIn(cell, judge).length / cell.ends.length;
}

/** Of the release's, from when it broke; Infinity where fewer than half of the runs found it. */
export function medianRequests(cell: Simulated, judge: JudgeName): number {
  return medianOf(
    cell,
    foundIn(cell, judge).map(({ requests }) => requests),
  );
}

export function medianSeconds(cell: Simulated, judge: JudgeName): number {
  const since = cell.scenario.breaksAtSecond;
  return medianOf(
    cell,
    foundIn(cell, judge).map(({ atMs }) => atMs / 1_000 - since),
  );
}

function medianOf({ ends }: Simulated, found: readonly number[]): number {
  const sorted = found.toSorted((a, b) => a - b);
  return sorted[Math.floor((ends.length - 1) / 2)] ?? Infinity;
}

/** How bakes ended. */
export function verdicts(cells: readonly Simulated[]): readonly (readonly string[])[] {
  return [
    ["", "pass", "inconclusive", "rolled back"],
    ...cells.map(({ scenario, ends }) => [
      scenario.row,
      ...(["pass", "inconclusive", "fail"] as const).map((verdict) =>
        formatNumber(ends.filter((end) => end.verdict === verdict).length),
      ),
    ]),
  ];
}

function shown(value: number): string {
  return Number.isFinite(value) ? formatNumber(value) : "-";
}

function share(value: number): string {
  return `${Number((100 * value).toPrecision(value > 0.1 ? 3 : 2))} %`;
}
