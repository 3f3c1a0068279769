/** The demo's result as a table and the sentences below it. Pure. */

import type { Paint } from "../report/paint.ts";
import type { DemoResult, StepRow } from "./result.ts";

const widths = [26, 8, 10, 8, 8, 12];

export function tableLines(result: DemoResult, paint: Paint): readonly string[] {
  const { steps, total, ms } = result;
  const head = row(["step", "time", "requests", "failed", "gap", "reconnects"]);
  const rule = "-".repeat(head.length);
  const sum = [
    "in all",
    seconds(ms),
    count(total.sent),
    count(total.failed),
    `${total.longestGapMs} ms`,
    count(total.reconnects),
  ];
  return [
    paint.dim(head),
    paint.dim(rule),
    ...steps.map(stepLine),
    paint.dim(rule),
    paint.bold(row(sum)),
    ...footnotes(result).map((note) => paint.dim(note)),
  ];
}

function stepLine({ name, ms, traffic }: StepRow): string {
  if (!traffic) return row([name, seconds(ms), "", "", "", ""]);
  const { sent, failed, brokenRelease, longestGapMs, reconnects } = traffic;
  const star = brokenRelease > 0 ? "*" : "";
  return row([
    name,
    seconds(ms),
    count(sent),
    `${count(failed)}${star}`,
    `${longestGapMs} ms`,
    count(reconnects),
  ]);
}

function footnotes({ steps, total }: DemoResult): readonly string[] {
  const own = `* and ${count(total.brokenRelease)} answered 500 by the broken release itself`;
  const back = steps.flatMap(({ name, traffic }) =>
    traffic?.backAfter
      ? [`  ${name}: ${badUntilBack(traffic.backAfter.failureMs, traffic.brokenRelease)}`]
      : [],
  );
  return [
    ...(total.brokenRelease > 0 ? [own] : []),
    ...back,
    "gap: longest time without a good answer; reconnects: WebSockets opened again",
  ];
}

/** @param ms from the broken release's first failure to its last reply */
export function badUntilBack(ms: number, failed: number): string {
  return `bad for ${seconds(ms)}, ${count(failed)} requests failed until traffic was back`;
}

/** What the table proves. */
export function conclusionLines({ moves, orders }: DemoResult, paint: Paint): readonly string[] {
  const verdict = `${count(moves.failed)} failed of ${count(moves.sent)} requests during switches and rollbacks.`;
  const style = moves.failed === 0 ? paint.green : paint.red;
  return [style(paint.bold(verdict)), ...(orders ? [orderSentence(orders)] : [])];
}

function orderSentence({ acknowledged, once }: NonNullable<DemoResult["orders"]>): string {
  const all = once === acknowledged ? "each exists" : `${count(once)} of them exist`;
  return `${count(acknowledged)} orders (POST) were acknowledged, ${all} exactly once.`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join("");
}

export function count(n: number): string {
  return n.toLocaleString("en-US");
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
