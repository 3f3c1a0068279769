/** Puts evidence into words with numbers; pure. */

/** What is counted, in plural. */
export interface Words {
  /** The bad ones: "errors". */
  readonly noun: string;
  /** All of them: "requests". */
  readonly unit: string;
}

interface Part {
  readonly bad: number;
  readonly total: number;
  /** All that were seen, of which this is the last part. */
  readonly all: number;
  /** Highest share that is expected. */
  readonly p0: number;
}

export function seenBy({ bad, total, all, p0 }: Part, { noun, unit }: Words): string {
  if (all === 0) return `no ${unit} yet`;
  const part = total < all ? `the last ${count(total)} of ` : "";
  const share = `where at most ${percent(p0)} are expected`;
  return `${count(bad)} ${noun} in ${part}${count(all)} ${unit} ${share}`;
}

export function against(logEvidence: number): string {
  const odds = Math.exp(logEvidence);
  const shown = odds > 1e6 ? "more than 1,000,000" : count(Number(odds.toPrecision(2)));
  return `evidence ${shown}:1 against the release`;
}

interface Sufficiency {
  readonly total: number;
  /** Infinity where no number is enough. */
  readonly needed: number;
  readonly detect: number;
}

export function sufficiency({ total, needed, detect }: Sufficiency, { noun, unit }: Words): string {
  const target = `${percent(detect)} ${noun}`;
  if (needed === Infinity) return `no number of ${unit} could show ${target}`;
  if (total >= needed) return `${count(needed)} are enough to find ${target}`;
  return `${count(needed - total)} ${total > 0 ? "more " : ""}are needed to find ${target}`;
}

/** A share as people read it, to two digits. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
