/** Where this program keeps what it fetched (cache) and what must not be lost (state). */
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BlueGreenError } from "../../infra/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Root of the checkout that this code runs from. */
export const checkoutFolder = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Go module that builds the engine from source. */
export const engineModuleFolder = join(checkoutFolder, "tools", "engine");

export function homeFolder(env: Environment): string {
  return nonEmpty(env["HOME"]) ?? homedir();
}

/** May be deleted at any time: everything in it can be had again. */
export function engineCacheFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = homeFolder(env);
  const base = platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  return join(nonEmpty(env["XDG_CACHE_HOME"]) ?? base, "bluegreen", "engine");
}

/**
 * Must not be lost: the Pulumi state and passphrase of one application.
 * Throws SETTINGS_INVALID when the application's name can't be a folder's name.
 */
export function stateFolder(
  application: string,
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,99}$/i.test(application)) {
    throw new BlueGreenError("SETTINGS_INVALID", `"${application}" can't name an application`, {
      hint: "Set bluegreen:application to letters, digits, - and _ only, at most 100 of them.",
    });
  }
  const home = homeFolder(env);
  const mac = join(home, "Library", "Application Support");
  const base = platform === "darwin" ? mac : join(home, ".local", "state");
  return join(nonEmpty(env["XDG_STATE_HOME"]) ?? base, "bluegreen", application);
}

/** Pulumi's own folder, with the login in it. */
export function pulumiHomeFolder(env: Environment): string {
  return nonEmpty(env["PULUMI_HOME"]) ?? join(homeFolder(env), ".pulumi");
}

/** The XDG rules and Pulumi treat an empty variable as one that isn't set. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
