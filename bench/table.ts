/** Results as a table for people. */

import type { Spread } from "./statistics.ts";

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly spread: Spread;
}

export function formatRows(rows: readonly Row[]): string {
  const cells = [
    ["", "min", "median", "p99", "max", "n"],
    ...rows.map(({ what, unit, spread }) => {
      const { min, median, p99, max, count } = spread;
      const shown = [min, median, p99, max].map((value) => formatNumber(value));
      return [unit === "" ? what : `${what} [${unit}]`, ...shown, String(count)];
    }),
  ];
  return formatCells(cells);
}

/** Rows of cells under each other: the first column to the left, the others to the right. */
export function formatCells(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? "").length)),
  );
  return cells
    .map((row) =>
      row.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join("  "),
    )
    .join("\n");
}

function pad(text: string, width: number, left: boolean): string {
  return left ? text.padEnd(width) : text.padStart(width);
}

/** Three significant digits, whole numbers from 100 on. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : String(Number(value.toPrecision(3)));
}
