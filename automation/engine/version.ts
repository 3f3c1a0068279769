/** Which versions of the Pulumi engine are wanted, and how versions are read and compared. */

/** Oldest engine that works: it has the resource hooks that the guards need. */
export const requiredPulumiVersion = "3.250.0";

/** The engine that is fetched or built; the SDK in package.json has the same version. */
export const fetchedPulumiVersion = "3.259.0";

/** Major, minor and patch. */
export type Version = readonly [number, number, number];

/** Reads `3.259.0`, `v3.260.0-alpha.1` or `go1.26`; null when there is no version in the text. */
export function parseVersion(text: string): Version | null {
  const match = /^(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  if (match === null) return null;
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

export function formatVersion(version: Version): string {
  return version.join(".");
}

export function isAtLeast(version: Version, minimum: Version): boolean {
  for (const [index, wanted] of minimum.entries()) {
    const found = version[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}
