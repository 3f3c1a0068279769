/** The figures of several ways side by side; the first way is what the others are compared with. Pure. */

import { formatCells, formatNumber } from "../table.ts";
import type { Figures } from "./figures.ts";
import { aroundMs } from "./figures.ts";

export interface Compared {
  readonly name: string;
  readonly figures: Figures;
}

/** A line of the table: what one way's cell says, and the number that ratios are made of. */
interface Line {
  readonly what: string;
  readonly value: (figures: Figures) => number;
  readonly text?: (figures: Figures) => string;
  readonly hasRatio?: boolean;
}

const lines: readonly Line[] = [
  { what: "switches", value: ({ switches }) => switches },
  { what: "requests sent", value: ({ sent }) => sent },
  { what: "requests/s", value: ({ perSecond }) => perSecond },
  { what: "requests failed", value: ({ failed }) => failed },
  { what: "of these POST", value: ({ failedPosts }) => failedPosts },
  {
    what: "lost per 1M (95 % sure of less than)",
    value: ({ perMillion }) => perMillion,
    text: (each) => `${formatNumber(each.perMillion)} (${formatNumber(each.perMillionBelow)})`,
  },
  { what: "WebSockets broken", value: ({ socketsBroken }) => socketsBroken },
  {
    what: "WebSocket texts lost",
    value: ({ textsLost }) => textsLost,
    text: (each) => `${each.textsLost} of ${formatNumber(each.textsSent)}`,
  },
  { what: "switch call p50 [ms]", value: ({ call }) => call.median, hasRatio: true },
  { what: "switch call p99 [ms]", value: ({ call }) => call.p99, hasRatio: true },
  {
    what: "call to the former color's last reply p50 [ms]",
    value: ({ lastReply }) => lastReply.median,
    hasRatio: true,
  },
  {
    what: "call to the former color's last reply p99 [ms]",
    value: ({ lastReply }) => lastReply.p99,
    hasRatio: true,
  },
  { what: "answered by the former color, sent after the call", value: ({ late }) => late },
  { what: "switches without effect", value: ({ notFollowed }) => notFollowed },
  {
    what: `latency p99 within ${aroundMs} ms of a switch [ms]`,
    value: ({ around }) => around.p99,
    hasRatio: true,
  },
  { what: "latency p99 otherwise [ms]", value: ({ steady }) => steady.p99, hasRatio: true },
  { what: "around a switch over otherwise", value: tailRatio },
];

function tailRatio({ around, steady }: Figures): number {
  return around.p99 / steady.p99;
}

export function sideBySide(ways: readonly Compared[]): string {
  const rows = lines.map((line) => [
    line.what,
    ...ways.map(({ figures }) => cell(line, figures, ways[0]?.figures ?? figures)),
  ]);
  return formatCells([["", ...ways.map(({ name }) => name)], ...rows]);
}

function cell(line: Line, figures: Figures, first: Figures): string {
  const text = line.text?.(figures) ?? formatNumber(line.value(figures));
  const ratio = line.value(figures) / line.value(first);
  const shown = line.hasRatio === true && figures !== first && Number.isFinite(ratio);
  return shown ? `${text} (x ${formatNumber(ratio)})` : text;
}

/** What the table has no room for: kinds of failures, failures without a cause nearby, the load. */
export function notesOf({ name, figures }: Compared): readonly string[] {
  const { failed, failedAway, unsent, problems } = figures;
  return [
    ...(failed === 0
      ? []
      : [`${name}: ${failed} failed, ${failedAway} of them further than ${aroundMs} ms away:`]),
    ...problems,
    ...(unsent === 0 ? [] : [`${name}: ${unsent} requests were due but not sent`]),
  ];
}
