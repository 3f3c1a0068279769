/** The user's folders: where an application keeps what must outlive a working copy, and their home. */

import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** What may name an application, and so a folder; the settings' rule is this one. */
export const applicationForm = /^[A-Za-z0-9][\w.-]*$/;
export const applicationMaxLength = 100;

/** `$XDG_STATE_HOME/bluegreen/<application>`, with the usual places of Linux and macOS. */
export function stateDir(
  application: string,
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const habit = platform === "darwin" ? "Library/Application Support" : ".local/state";
  const base = absolute(env["XDG_STATE_HOME"]) ?? join(homeFolder(env), habit);
  return join(base, "bluegreen", application);
}

/** `$HOME`; of an empty or a relative one, as of none, the account's own. */
export function homeFolder(env: Environment): string {
  return absolute(env["HOME"]) ?? userInfo().homedir;
}

/** The XDG rules take a path that is empty or relative for one that isn't set. */
export function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
