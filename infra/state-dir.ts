/** The user's state folder, where an application keeps what must outlive a working copy. */

import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_STATE_HOME/bluegreen/<application>`, with the usual places of Linux and macOS. */
export function stateDir(application: string, env: Environment = process.env): string {
  return join(stateHome(env), "bluegreen", application);
}

function stateHome(env: Environment): string {
  const chosen = env["XDG_STATE_HOME"];
  if (chosen !== undefined && chosen.startsWith("/")) return chosen;
  const home = env["HOME"] ?? homedir();
  return process.platform === "darwin"
    ? join(home, "Library", "Application Support")
    : join(home, ".local", "state");
}
