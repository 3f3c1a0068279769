/** Words of the settings that stand for what a rollout is about: `{color}` and `{version}`. Pure. */

import type { Color } from "../infra/model.ts";

/** Puts the color and its version in their places. */
export function filledIn(
  text: string,
  { color, version }: { readonly color: Color; readonly version: string },
  encode: (word: string) => string = (word) => word,
): string {
  return text
    .replaceAll("{color}", () => encode(color))
    .replaceAll("{version}", () => encode(version));
}
