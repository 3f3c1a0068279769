/** Open TCP connections of the router's host to the instances, from the system's own tables. */

import type { Color, PerColor } from "../../../model.ts";
import { perColor } from "../../../model.ts";
import type { Attached } from "../dialect.ts";
import type { Host } from "../host.ts";
import { targetText } from "../safe-text.ts";

const established = "01";

/**
 * Connections to a color's addresses; with the idle ones, which nginx closes after `idleMs`.
 * Addresses by name aren't found. Zero where the system has no such table.
 */
export async function openConnections(host: Host, attached: Attached): Promise<PerColor<number>> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => host.read(path)),
  );
  const remotes = tables.flatMap((table) => remotesIn(table ?? ""));
  const counts = new Map<string, number>();
  for (const remote of remotes) counts.set(remote, (counts.get(remote) ?? 0) + 1);
  return perColor((color) => sumOf(attached, color, counts));
}

function sumOf(attached: Attached, color: Color, counts: ReadonlyMap<string, number>): number {
  const targets = new Set(attached[color].map(targetText));
  return [...targets].reduce((sum, target) => sum + (counts.get(target) ?? 0), 0);
}

/** Remote addresses of established connections, as `host:port`. */
export function remotesIn(table: string): string[] {
  return table.split("\n").flatMap((line) => {
    const [, , remote = "", state] = line.trim().split(/\s+/);
    const found = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(remote);
    if (!found || state !== established) return [];
    return [targetText(`${hostIn(found[1] ?? "")}:${parseInt(found[2] ?? "", 16)}`)];
  });
}

/** Words of four bytes, each in the order of this kind of processor: the last byte first. */
function hostIn(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).reverse(),
  );
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  if (mapped) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(":")}]`;
}
