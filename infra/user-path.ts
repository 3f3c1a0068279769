/** The user's own PATH: what was put before it for Pulumi must not choose a user's programs. */

import { delimiter } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the folders that stand before the user's PATH, as they stand there. */
export const addedPathName = "BLUEGREEN_ADDED_PATH";

/** PATH with `folders` first, and the note by which `userPath` finds the user's part again. */
export function pathWith(folders: readonly string[], base: Environment): Record<string, string> {
  const added = [...new Set(folders)].join(delimiter);
  const own = userPath(base) ?? "";
  return {
    PATH: own === "" ? added : `${added}${delimiter}${own}`,
    [addedPathName]: added,
  };
}

/** PATH without the folders that `pathWith` put in, also where others were put before them. */
export function userPath(env: Environment): string | undefined {
  const { PATH: path, [addedPathName]: added } = env;
  if (path === undefined || added === undefined || added === "") return path;
  const closed = `${delimiter}${path}${delimiter}`;
  const own = closed.replace(`${delimiter}${added}${delimiter}`, () => delimiter);
  return own.length > 1 ? own.slice(1, -1) : undefined;
}
