/** Decides where Pulumi's state lives: where the user says; on one's own machine, in our folder. */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { BlueGreenError } from "../../infra/errors.ts";
import { nonEmpty, pulumiHomeFolder, stateFolder } from "./folders.ts";
import type { Environment } from "./folders.ts";
import { knownState, ownState } from "./passphrase.ts";

export interface BackendQuestion {
  readonly env: Environment;
  /** Where a `Pulumi.yaml` is looked for, upwards. */
  readonly cwd: string;
  /** Name of the deployment platform. */
  readonly platform: string;
  /** Whether all of it is on this machine: only then a backend of ours is used. Default: `local`. */
  readonly atHome?: boolean;
  /** Default: what `isCi` says of `env`. */
  readonly ci?: boolean;
  /** The setting `bluegreen:application`. */
  readonly application: string;
  /** Names the environment in messages. */
  readonly environment: string;
  /** For a preview: a state of ours that doesn't exist yet is made here, and nothing elsewhere. */
  readonly scratch?: string;
}

export interface BackendChoice {
  /** `user`: their own login, backend and secrets provider, of which nothing is changed. */
  readonly owner: "user" | "bluegreen";
  /** Null: Pulumi's own default, or what can't be known without asking Pulumi. */
  readonly url: string | null;
  /** Set where we made one; the user's own settings win. */
  readonly passphraseFile: string | null;
  /** One sentence: what decided. */
  readonly why: string;
}

/**
 * A user's own choice wins. Without one, what is all on this machine gets a file backend in the
 * user's state folder outside CI; nothing is asked. Throws BACKEND_MISSING everywhere else.
 */
export async function chooseBackend(question: BackendQuestion): Promise<BackendChoice> {
  const { env, cwd, platform, application, environment } = question;
  const own = await usersBackend(env, cwd);
  if (own !== null) return { owner: "user", passphraseFile: null, ...own };
  const { atHome = platform === "local", ci = isCi(env) } = question;
  if (atHome && !ci) return await ourBackend(env, application, question.scratch);
  const reason = atHome ? "in CI" : `for the platform ${platform}`;
  throw new BlueGreenError("BACKEND_MISSING", `no Pulumi backend is chosen for ${environment}`, {
    hint: "Run `pulumi login`, or set PULUMI_BACKEND_URL (s3://bucket, file:///folder ...).",
    details: [`A backend on this machine alone isn't used ${reason}: others couldn't continue.`],
  });
}

/** CI systems set CI; `false`, `0` and empty mean no. */
export function isCi(env: Environment): boolean {
  return !["", "0", "false"].includes((env["CI"] ?? "").toLowerCase());
}

type UsersBackend = Pick<BackendChoice, "url" | "why">;

/** In Pulumi's own order; a bare access token means Pulumi Cloud. */
async function usersBackend(env: Environment, cwd: string): Promise<UsersBackend | null> {
  const fromEnv = nonEmpty(env["PULUMI_BACKEND_URL"]);
  if (fromEnv !== undefined) return { url: fromEnv, why: "PULUMI_BACKEND_URL names it." };
  const project = (await projectBackend(cwd)) ?? (await login(env));
  if (project !== null) return project;
  if (nonEmpty(env["PULUMI_ACCESS_TOKEN"]) === undefined) return null;
  return { url: null, why: "PULUMI_ACCESS_TOKEN is set: Pulumi Cloud." };
}

async function projectBackend(cwd: string): Promise<UsersBackend | null> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    for (const name of ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"]) {
      const file = join(folder, name);
      const text = await readIfThere(file);
      if (text !== null) return backendOf(text, file);
    }
    if (folder === dirname(folder)) return null;
  }
}

/** YAML covers JSON. A file that is neither is Pulumi's to complain about. */
function backendOf(text: string, file: string): UsersBackend | null {
  const url = textAt(parse(text, { logLevel: "silent" }), "backend", "url");
  return url === null ? null : { url, why: `\`backend\` in ${file} names it.` };
}

async function login(env: Environment): Promise<UsersBackend | null> {
  const folder = nonEmpty(env["PULUMI_CREDENTIALS_PATH"]) ?? pulumiHomeFolder(env);
  const file = join(folder, "credentials.json");
  const text = await readIfThere(file);
  if (text === null) return null;
  const credentials = readJson(text);
  if (credentials === null) {
    return { url: null, why: `${file} can't be read here; Pulumi itself decides.` };
  }
  const url = textAt(credentials, "current");
  return url === null ? null : { url, why: `\`pulumi login\` chose it (${file}).` };
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${file} can't be read`, { cause: error });
  }
}

/** Null for a file that only Pulumi can read: encrypted with a key of the system's key store. */
function readJson(text: string): object | null {
  try {
    const value = JSON.parse(text) as unknown;
    const plain = typeof value === "object" && value !== null && !("$pulumiSecureStore" in value);
    return plain ? value : null;
  } catch {
    return null;
  }
}

function textAt(value: unknown, ...path: readonly string[]): string | null {
  let current = value;
  for (const name of path) {
    if (typeof current !== "object" || current === null) return null;
    current = (current as Record<string, unknown>)[name];
  }
  return typeof current === "string" && current !== "" ? current : null;
}

async function ourBackend(
  env: Environment,
  application: string,
  scratch: string | undefined,
): Promise<BackendChoice> {
  const base = stateFolder(application, env);
  const known = scratch === undefined ? null : await knownState(base, !hasPassphrase(env));
  const { folder, passphraseFile } =
    known ?? (await ownState(scratch ?? base, !hasPassphrase(env)));
  return {
    owner: "bluegreen",
    url: pathToFileURL(folder).href,
    passphraseFile: hasPassphrase(env) ? null : passphraseFile,
    why: `Nothing else is chosen: the state is in ${folder}.`,
  };
}

/** An empty passphrase is one, too. */
function hasPassphrase(env: Environment): boolean {
  return (
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined ||
    nonEmpty(env["PULUMI_CONFIG_PASSPHRASE_FILE"]) !== undefined
  );
}
