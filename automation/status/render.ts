/** The status as one screen for people. Pure. */

import { formatDuration } from "../../infra/duration.ts";
import type { Color } from "../../infra/model.ts";
import { formatWeights, sameWeights } from "../../infra/model.ts";
import { head } from "../report/safe-text.ts";
import type { Frozen } from "../../infra/rules/freeze.ts";
import type { Paint } from "../report/paint.ts";
import { colorsByRole } from "./report.ts";
import type { StatusReport } from "./report.ts";
import type { RolloutReport, StepReport } from "./rollout.ts";

/** Text that was typed by people elsewhere, on one line. */
const maxText = 200;

export function renderStatus(report: StatusReport, paint: Paint): string {
  const head = title(report, paint);
  if (!report.exists) {
    return `${head}\n\nnothing here yet: \`bluegreen deploy --version 1\``;
  }
  const facts = [
    ...rolloutLines(report, paint),
    ...fillingLines(report),
    ...warmLines(report),
    ...rollbackLines(report),
    ...databaseLines(report),
    ...weightLines(report),
    ...report.remarks.map((sentence): Fact => ["traffic", sentence]),
    ...(report.frozen ? [["frozen", frozenLine(report.frozen)] as const] : []),
    ...report.pins.map((pin): Fact => ["pinned", pinLine(pin)]),
    ...report.drift.flatMap(({ sentence, advice, paste }) =>
      finding("drift", [sentence, advice, ...paste.map((line) => `  ${line}`)], paint),
    ),
    ...report.problems.flatMap(({ subject, sentence, advice }) =>
      finding("problem", [`${subject}: ${sentence}`, advice], paint),
    ),
  ];
  const lines = facts.map(([name, text]) => `  ${name.padEnd(10)}${text}`);
  return [head, "", ...colorTable(report, paint), "", ...lines].join("\n").trimEnd();
}

type Fact = readonly [name: string, text: string];

function title({ environment, platform, url, generation, exists }: StatusReport, paint: Paint) {
  const counted = exists ? paint.dim(`  generation ${generation}`) : "";
  return `${paint.bold(environment)}  ${platform}  ${url}${counted}`;
}

function colorTable(report: StatusReport, paint: Paint): readonly string[] {
  const at = Date.parse(report.at);
  const rows = colorsByRole(report).map((color) => cellsOf(color, report, at));
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row, index) => {
    const color = colorsByRole(report)[index] ?? "blue";
    const cells = row.map((cell, column) => {
      const padded = cell.padEnd(widths?.[column] ?? 0);
      return column === 0 ? paint[color](padded) : padded;
    });
    const line = `  ${cells.join("  ")}`.trimEnd();
    return report.colors[color].role === "active" ? paint.bold(line) : line;
  });
}

function cellsOf(color: Color, report: StatusReport, at: number): readonly string[] {
  const { role, version, digest, size, ready, weight, open, lastRequestAt } = report.colors[color];
  const served = report.weights.served !== null;
  if (version === null) return [color, role, "", "", "", "", "", ""];
  return [
    color,
    role,
    version,
    shortDigest(digest),
    `${ready ?? "?"}/${size} ready`,
    served ? `${weight} %` : "? %",
    open === null ? "" : `${open} open`,
    lastRequestAt === null ? "" : `last request ${ago(at - Date.parse(lastRequestAt))}`,
  ];
}

function frozenLine({ reason, untilThere }: Frozen): string {
  return `no switch${untilThere === null ? "" : ` until ${untilThere}`}: ${head(reason, maxText)}`;
}

function shortDigest(digest: string | null): string {
  return (digest ?? "").replace(/^sha256:/, "").slice(0, 12);
}

function rolloutLines({ rollout, at }: StatusReport, paint: Paint): readonly Fact[] {
  if (!rollout) return [];
  const { id, kind, phase, since, sentence, version, color, step, synthetic, owner, ownerGone } =
    rollout;
  const age = ago(Date.parse(at) - Date.parse(since));
  const what = kind === "deploy" ? `deploys ${version} into ${color}` : `switches to ${color}`;
  const gone = ownerGone === true ? ", that process is gone" : "";
  const who = owner === null ? "" : `, by ${owner}${gone}`;
  return [
    ["phase", `${paint.bold(phase)}, since ${age}. ${sentence}`],
    ...(step ? [stepLine(step, color)] : []),
    ...(phase === "gate" ? [gateLine(rollout)] : []),
    ...(synthetic === null ? [] : [["judged", synthetic] as const]),
    ["rollout", `${id} ${what}${who}`],
  ];
}

function gateLine({ gateUntil }: RolloutReport): Fact {
  const until = gateUntil === null ? "" : `, until ${gateUntil}`;
  return ["gate", `waits for \`bluegreen approve\` (or \`bluegreen abort\`)${until}`];
}

function stepLine({ step, steps, weight, cohort, endsAt }: StepReport, color: Color): Fact {
  const parts = [...(weight > 0 ? [`${weight} %`] : []), ...(cohort === undefined ? [] : [cohort])];
  return ["step", `${step} of ${steps}: ${color} has ${parts.join(" and ")}, until ${endsAt}`];
}

/** What has ended is told as a problem. */
function fillingLines(report: StatusReport): readonly Fact[] {
  return colorsByRole(report).flatMap((color): Fact[] => {
    const { filling } = report.colors[color];
    return filling && filling.state !== "ended" ? [[color, filling.sentence]] : [];
  });
}

/** A color that serves with too few is told as a problem. */
function warmLines(report: StatusReport): readonly Fact[] {
  return colorsByRole(report).flatMap((color): Fact[] => {
    const { warm, role } = report.colors[color];
    return warm && role !== "active" ? [[color, warm.sentence]] : [];
  });
}

function rollbackLines({ rollback, activeColor }: StatusReport): readonly Fact[] {
  const { possible, to, version, leftMs, sentence } = rollback;
  if (activeColor === null) return [];
  if (!possible || to === null) return [["rollback", `not possible: ${sentence}`]];
  const window =
    leftMs === null
      ? "the window opens after the bake"
      : leftMs === 0
        ? `the window is over, \`bluegreen retire\` may empty ${to}`
        : `for another ${coarse(leftMs)}`;
  return [["rollback", `to ${to} (${version ?? "?"}), ${window}; ${sentence}`]];
}

function databaseLines({ database }: StatusReport): readonly Fact[] {
  if (!database) return [];
  const due: readonly Fact[] = database.due ? [["", database.due.sentence]] : [];
  return [["database", database.sentence], ...due];
}

/** The table shows what is served; only a difference needs a line of its own. */
function weightLines({ weights }: StatusReport): readonly Fact[] {
  const { recorded, served } = weights;
  if (served !== null && sameWeights(recorded, served)) return [];
  const now = served === null ? "unknown, the router doesn't answer" : formatWeights(served);
  return [["weights", `served: ${now}; recorded: ${formatWeights(recorded)}`]];
}

function pinLine({ version, reason, by, at, until }: StatusReport["pins"][number]): string {
  const end = until === null ? "until `bluegreen unpin`" : `until ${until}`;
  return `${version}: ${head(reason, maxText)} (${by}, ${at}, ${end})`;
}

function finding(name: string, lines: readonly string[], paint: Paint): readonly Fact[] {
  return lines.map((line, index) => (index === 0 ? [name, paint.yellow(line)] : ["", line]));
}

function ago(ms: number): string {
  return ms < 1_000 ? "just now" : `${coarse(ms)} ago`;
}

/** The two largest units: `1h5m`, `26m`, `14s`. */
function coarse(ms: number): string {
  const unit = ms >= 600_000 ? 60_000 : 1_000;
  return formatDuration(Math.max(1_000, Math.round(ms / unit) * unit));
}
