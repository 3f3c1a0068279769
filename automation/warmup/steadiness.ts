/** When latency counts as steady. Pure. */

/** Answers whose median is compared with that of as many before. */
const span = 10;
/** Largest change of the median that is none, as a share of it. */
const tolerance = 0.2;
/** Below this a change says more about the clock than about the application. */
const noticedMs = 1;

/** The median of the last answers; null before there are so many. */
export function latestMedian(ms: readonly number[]): number | null {
  return ms.length < span ? null : medianOf(ms.slice(-span));
}

/** True once the last ten answers took as long as the ten before. */
export function isSteady(ms: readonly number[]): boolean {
  if (ms.length < 2 * span) return false;
  const before = medianOf(ms.slice(-2 * span, -span));
  const last = medianOf(ms.slice(-span));
  return Math.abs(last - before) <= Math.max(tolerance * before, noticedMs);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
