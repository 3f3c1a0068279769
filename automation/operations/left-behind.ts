/** What `bluegreen down` leaves on this machine where the state is bluegreen's own, in a line. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stackRole } from "../../infra/stack-role.ts";
import { stateFolder } from "../engine/folders.ts";
import type { Session } from "../session.ts";

export type Departed = Pick<Session, "application" | "settingsFile"> & {
  readonly backend: Pick<Session["backend"], "owner" | "url">;
  readonly settings: Pick<Session["settings"], "environment">;
};

/** Null where the state is somebody else's: they know what they keep. */
export function leftBehind(departed: Departed, env = process.env): string | null {
  const { application, backend, settings, settingsFile } = departed;
  if (backend.owner !== "bluegreen" || backend.url === null) return null;
  const folder = stateFolder(application, env);
  if (!existsSync(folder)) return null;
  const others = environmentsIn(fileURLToPath(backend.url));
  if (others.length > 0) {
    const own = join(folder, "environments", settings.environment);
    return `${folder} stays for ${others.join(", ")}; logs and copies of releases of ${settings.environment}: rm -r '${own}'`;
  }
  const salted = /^encryptionsalt:/m.test(readFileSync(settingsFile, "utf8"));
  const then = salted ? ", then take encryptionsalt and secrets out of the settings files" : "";
  return `left are state, passphrase, logs and copies of releases: rm -r '${folder}'${then}`;
}

/** Environments of all projects of the application that have a stack, in whatever form it is. */
function environmentsIn(state: string): readonly string[] {
  const stacks = join(state, ".pulumi", "stacks");
  if (!existsSync(stacks)) return [];
  const names = readdirSync(stacks, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ name }) => /^(.+)\.json(\.gz)?$/.exec(name)?.[1] ?? []);
  return [...new Set(names.map((name) => stackRole(name).environment))].sort();
}
