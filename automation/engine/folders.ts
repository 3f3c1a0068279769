/** Where this program keeps what it fetched (cache) and what must not be lost (state). */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BlueGreenError } from "../../infra/errors.ts";
import {
  absolute,
  applicationForm,
  applicationMaxLength,
  homeFolder,
  stateDir,
} from "../../infra/state-dir.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Root of the checkout that this code runs from. */
export const checkoutFolder = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Go module that builds the engine from source. */
export const engineModuleFolder = join(checkoutFolder, "tools", "engine");

/** May be deleted at any time: everything in it can be had again. */
export function engineCacheFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const habit = platform === "darwin" ? "Library/Caches" : ".cache";
  const base = absolute(env["XDG_CACHE_HOME"]) ?? join(homeFolder(env), habit);
  return join(base, "bluegreen", "engine");
}

/**
 * Must not be lost: the Pulumi state and passphrase of one application.
 * Throws SETTINGS_INVALID when the application's name can't be a folder's name.
 */
export function stateFolder(
  application: string,
  env: Environment,
  platform?: NodeJS.Platform,
): string {
  if (!applicationForm.test(application) || application.length > applicationMaxLength) {
    throw new BlueGreenError("SETTINGS_INVALID", `"${application}" can't name an application`, {
      hint: "Set bluegreen:application to letters, digits, ., - and _ only, at most 100 of them.",
    });
  }
  return stateDir(application, env, platform);
}

/** Pulumi's own folder, with the login in it. */
export function pulumiHomeFolder(env: Environment): string {
  return nonEmpty(env["PULUMI_HOME"]) ?? join(homeFolder(env), ".pulumi");
}

/** Pulumi treats an empty variable as one that isn't set. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
