/** Quantiles of latencies from counts in buckets that grow by 5 %. Pure. */

/** How many latencies fell into each bucket. */
export type Buckets = Readonly<Record<number, number>>;

const growth = 1.05;
const fromMs = 0.1;

export function bucketOf(ms: number): number {
  return Math.ceil(Math.log(Math.max(ms, fromMs) / fromMs) / Math.log(growth));
}

/** Upper end of the bucket that holds the quantile, in milliseconds; 0 without any. */
export function quantile(buckets: Buckets, q: number): number {
  const rows = Object.entries(buckets).map(([key, n]) => ({ bucket: Number(key), n }));
  const total = rows.reduce((sum, { n }) => sum + n, 0);
  let seen = 0;
  for (const { bucket, n } of rows.sort((a, b) => a.bucket - b.bucket)) {
    seen += n;
    if (seen >= q * total) return Math.round(fromMs * growth ** bucket * 10) / 10;
  }
  return 0;
}
