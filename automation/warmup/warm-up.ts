/** Makes a color warm before its checks, and says in one sentence what that changed. */

import type { Settings } from "../../infra/config.ts";
import type { Address } from "../../infra/model.ts";
import { inTurns } from "../../infra/probe/turns.ts";
import { warmPath } from "./path.ts";
import type { PathWarmed } from "./path.ts";

/** Instances that are warmed at once. */
const maxInstances = 16;

/**
 * Asks each instance for each path in turn. Never rejects, and decides nothing.
 * @returns what it saw; null where there was nothing to do
 */
export async function warmUp(
  { paths, withinMs, ...each }: Settings["warmup"],
  { addresses, signal }: { readonly addresses: readonly Address[]; readonly signal: AbortSignal },
): Promise<string | null> {
  if (paths.length === 0 || addresses.length === 0) return null;
  const startMs = performance.now();
  const turnMs = withinMs / Math.ceil(addresses.length / maxInstances);
  const warmed = await inTurns(addresses, maxInstances, async (address) => {
    const endMs = performance.now() + turnMs;
    const found: PathWarmed[] = [];
    for (const [index, path] of paths.entries()) {
      // What a path leaves over is for those after it.
      const shareMs = (endMs - performance.now()) / (paths.length - index);
      found.push(await warmPath({ ...each, address, path, withinMs: shareMs, signal }));
    }
    return found;
  });
  return sentenceOf(paths, warmed.flat(), performance.now() - startMs);
}

function sentenceOf(paths: readonly string[], warmed: readonly PathWarmed[], ms: number): string {
  const problem = warmed.find((each) => each.problem !== null)?.problem ?? null;
  if (warmed.every(({ firstMs }) => firstMs === null)) {
    return `no instance gave a good answer to the warm-up: ${problem ?? "none came in time"}`;
  }
  const steady = warmed.every((each) => each.steady);
  const took = `${(ms / 1_000).toFixed(1)} s`;
  const changes = paths.map((path) => changeOf(path, warmed)).filter((each) => each !== null);
  const ended = steady ? `warm after ${took}` : `the warm-up ended after ${took}, not steady`;
  return `${ended}: ${changes.join(", ")}${problem === null ? "" : `; ${problem}`}`;
}

/** Of the slowest instance; null where none gave a good answer. */
function changeOf(path: string, warmed: readonly PathWarmed[]): string | null {
  const ofPath = warmed.filter((each) => each.path === path);
  const first = ofPath.flatMap(({ firstMs }) => firstMs ?? []);
  const last = ofPath.flatMap(({ lastMs }) => lastMs ?? []);
  if (first.length === 0) return null;
  const from = `${path} from ${shown(Math.max(...first))}`;
  return last.length === 0 ? from : `${from} to ${shown(Math.max(...last))}`;
}

function shown(ms: number): string {
  return `${Math.max(1, Math.round(ms))} ms`;
}
