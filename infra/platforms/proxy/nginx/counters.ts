/** Requests per color on nginx: the sizes of files into which each request writes one byte. */

import type { Color, ColorTraffic, PerColor } from "../../../model.ts";
import { perColor } from "../../../model.ts";
import type { Attached } from "../dialect.ts";
import type { FileSize, Host } from "../host.ts";
import type { RouterSpec } from "../spec.ts";
import { filesOf } from "../spec.ts";
import { openConnections } from "./connections.ts";

/** From this size on the bytes that were counted are given back to the file system. */
const punchBytes = 16_777_216;
const punchMs = 10_000;

export function countFiles(spec: RouterSpec, color: Color): readonly [string, string] {
  const { counts } = filesOf(spec);
  return [`${counts}/${color}.done`, `${counts}/${color}.failed`];
}

export async function nginxTraffic(
  host: Host,
  spec: RouterSpec,
  attached: Attached,
): Promise<PerColor<ColorTraffic>> {
  const files = [...countFiles(spec, "blue"), ...countFiles(spec, "green")];
  const [sizes, open] = await Promise.all([
    host.sizes(files),
    openConnections(host, spec, attached),
  ]);
  const [blueDone, blueFailed, greenDone, greenFailed] = sizes;
  const counted = { blue: [blueDone, blueFailed], green: [greenDone, greenFailed] };
  await giveBack(host, files, sizes);
  return perColor((color) => {
    const [done = null, failed = null] = counted[color];
    const errors = failed?.bytes ?? 0;
    const requests = (done?.bytes ?? 0) + errors;
    return { requests, errors, open: open[color], lastRequestAt: lastOf([done, failed]) };
  });
}

function lastOf(sizes: readonly (FileSize | null)[]): string | null {
  const times = sizes.flatMap((size) => (size !== null && size.bytes > 0 ? [size.changedAt] : []));
  return times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
}

/**
 * Makes holes where the bytes were: the size stays, so the count does. Where that can't be done the
 * files grow by a megabyte for a million requests, which harms nobody for years.
 */
async function giveBack(
  host: Host,
  files: readonly string[],
  sizes: readonly (FileSize | null)[],
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const { bytes = 0, usedBytes = 0 } = sizes[index] ?? {};
    if (usedBytes < punchBytes) continue;
    const whole = Math.floor(bytes / punchBytes) * punchBytes;
    const argv = ["fallocate", "--punch-hole", "--offset", "0", "--length", String(whole), file];
    await host.run(argv, { deadlineMs: punchMs });
  }
}
