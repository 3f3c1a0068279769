/** What is true of an environment now, as far as a switch depends on it. Pure. */

import { formatDuration } from "../../infra/duration.ts";
import { declaredColor, pasteLines, readIntent } from "../../infra/rules/intent.ts";
import type { Color, PerColor, Pin } from "../../infra/model.ts";
import { perColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { pinOf } from "../../infra/rules/record.ts";
import type { PreviewFacts } from "./facts.ts";
import type { ColorHealth, DriftPreview, PreviewSummary } from "./summary.ts";

export function healthOf({ colors, reading }: Observed): PerColor<ColorHealth> {
  return perColor((color) => {
    const outputs = colors[color];
    const { ready, total, reachable, crashLoop, problems } = reading.targets[color];
    return {
      release: outputs?.release ?? null,
      size: outputs?.size ?? 0,
      ready,
      total,
      reachable,
      crashLoop,
      problems,
    };
  });
}

/** Null where no color takes over from another. */
export function parityOf(
  { view, simulation }: PreviewFacts,
  to: Color | null,
): PreviewSummary["parity"] {
  const from = view.record.activeColor;
  const former = from && view.colors[from];
  if (!to || !former || to === from) return null;
  const filled =
    simulation?.provisioning?.color === to ? simulation.provisioning.request.size : null;
  const size = filled ?? view.colors[to]?.size ?? 0;
  const equal = size >= former.size;
  const sentence = equal
    ? `${to} would serve with ${instances(size)}, ${from} has ${former.size}`
    : `${to} would serve with only ${instances(size)} where ${from} has ${former.size}`;
  return { equal, sentence };
}

export function rollbackOf(facts: PreviewFacts, to: Color | null): PreviewSummary["rollback"] {
  const { view, rollbackWindowMs } = facts;
  const { record, nowMs } = view;
  const end = record.rollbackUntil;
  const until = end !== null && Date.parse(end) > nowMs ? end : null;
  const former = record.previousRelease;
  const open =
    until && former
      ? `${former.color} (${former.release.version}) can be returned to until ${until}`
      : "there is no former release to return to";
  if (!to) return { until, sentence: open };
  const from = record.activeColor;
  if (!from) return { until, sentence: "it is the first release: there is nothing to return to" };
  const kept = formatDuration(rollbackWindowMs);
  const replaced = until ? `; the window open now, until ${until}, ends before it` : "";
  return { until, sentence: `${from} would be kept for ${kept} after the switch${replaced}` };
}

export function driftOf(facts: PreviewFacts): DriftPreview {
  const { view, file } = facts;
  const { drift, record, reading } = view;
  const { activeColor, generation } = record;
  const declared = declaredColor(file);
  const differs =
    declared !== activeColor || (file.generation !== null && file.generation !== generation);
  const paste = activeColor !== null && differs && !isWish(facts) ? pasteLines(record) : [];
  return {
    kind: drift.kind,
    sentence: drift.kind === "none" ? null : drift.sentence,
    file: { activeColor: declared, generation: file.generation },
    record: { activeColor, generation },
    dataPlane: reading.weights,
    paste,
  };
}

/** True where the file differs on purpose, and this is what is previewed. */
function isWish({ asked, file, view: { record }, settingsFile }: PreviewFacts): boolean {
  const intent = readIntent(file, record, settingsFile);
  return asked.kind === "file" && intent.kind === "activate" && intent.color !== record.activeColor;
}

/** Those that hold now. */
export function pinsOf({ record, nowMs }: Observed): readonly Pin[] {
  return record.pins.filter((pin) => pinOf([pin], pin.digest, nowMs) !== null);
}

function instances(count: number): string {
  return count === 1 ? "1 instance" : `${count} instances`;
}

/** The release of a color in a few letters: `blue (1)`. */
export function named(color: Color | null, version: string | null): string {
  return color ? `${color} (${version ?? "empty"})` : "no color";
}
