/** The environment in which Pulumi runs, for the driver and for a shell (`bluegreen env`). */
import { dirname, resolve } from "node:path";
import { compileCache } from "../../infra/compile-cache.ts";
import { pathWith } from "../../infra/user-path.ts";
import type { BackendChoice } from "./backend.ts";
import { checkoutFolder } from "./folders.ts";
import type { Environment } from "./folders.ts";
import { shellQuote } from "./launcher.ts";
import type { Engine } from "./location.ts";

export interface EngineEnvironmentOptions {
  readonly engine: Pick<Engine, "pulumi" | "languageHost">;
  readonly backend: Pick<BackendChoice, "owner" | "url" | "passphraseFile">;
  /** The Node.js executable for programs. */
  readonly nodeBin: string;
  /** Used for every stack instead of `Pulumi.<stack>.yaml`. */
  readonly settingsFile?: string;
  /** Whose PATH is extended. Default: this process's. */
  readonly base?: Environment;
}

/** What is to be added to a process's environment; a user's own backend isn't repeated. */
export function engineEnvironment(options: EngineEnvironmentOptions): Record<string, string> {
  const { engine, backend, nodeBin, settingsFile, base = process.env } = options;
  const hosts = engine.languageHost === null ? [] : [dirname(engine.languageHost)];
  const folders = [dirname(nodeBin), dirname(engine.pulumi), ...hosts];
  const own = backend.owner === "bluegreen" && backend.url !== null;
  return {
    ...pathWith(folders, base),
    BLUEGREEN_NODE: nodeBin,
    BLUEGREEN_HOME: checkoutFolder,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
    ...compileCache(base),
    ...(own ? { PULUMI_BACKEND_URL: backend.url } : {}),
    ...(backend.passphraseFile === null
      ? {}
      : { PULUMI_CONFIG_PASSPHRASE_FILE: backend.passphraseFile }),
    ...(settingsFile === undefined ? {} : { PULUMI_OPTION_CONFIG_FILE: resolve(settingsFile) }),
  };
}

/** `export` lines for sh, to be used as `eval "$(bluegreen env)"`. No secret is among them. */
export function formatExports(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join("");
}
