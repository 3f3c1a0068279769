/** Removes the copies of releases that no color holds any more. */

import { readdir } from "node:fs/promises";
import type { Settings } from "../../config.ts";
import { BlueGreenError } from "../../errors.ts";
import { colors } from "../../model.ts";
import type { Scope } from "../../platform.ts";
import { placeOf } from "./place.ts";
import { pruneReleases } from "./release-files.ts";

/**
 * Keeps what the outputs of either color name, and what was copied or taken again within the time
 * of a claim: somebody may be filling a color with it. Returns the digests that were removed.
 * @throws RECORD_BROKEN where the outputs don't say which files a color runs
 */
export async function tidyReleases(
  settings: Settings,
  held: () => Promise<Scope["colors"]>,
): Promise<readonly string[]> {
  const { releases } = placeOf(settings);
  // No more than both colors may hold.
  if ((await namesIn(releases)).length <= colors.length) return [];
  return pruneReleases(releases, digestsOf(await held()), { youngMs: settings.claimMs });
}

function digestsOf(held: Scope["colors"]): readonly string[] {
  return colors.flatMap((color) => {
    const outputs = held[color];
    if (!outputs || outputs.given) return [];
    const { filesDigest } = (outputs.spec ?? {}) as { readonly filesDigest?: unknown };
    if (typeof filesDigest === "string") return [filesDigest];
    throw new BlueGreenError("RECORD_BROKEN", `the files of ${color}'s release aren't known`);
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
