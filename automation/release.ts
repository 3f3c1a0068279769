/** The release that would be deployed now: its settings with the secrets in clear, and its digest. */

import type { Settings } from "../infra/config.ts";
import { opaqueSecret, parseSettings } from "../infra/config.ts";
import { keyText } from "../infra/config/path.ts";
import type { Path } from "../infra/config/path.ts";
import { BlueGreenError } from "../infra/errors.ts";
import { isUndecipherable } from "./adapters/engine-error.ts";
import { absolutePaths } from "../infra/config/absolute-paths.ts";
import { readSettingsFile } from "./adapters/settings-file.ts";
import { hasClosedSecret } from "./closed-secret.ts";
import type { Session } from "./session.ts";

/**
 * Settings with their secrets in clear, which the digest of a release covers; null while the
 * environment doesn't exist yet and the file has secrets.
 */
export async function revealedSettings(session: Revealing): Promise<Settings | null> {
  const { settings, settingsFile, engine, cwd } = session;
  if (!/\bsecure:/.test(readSettingsFile(settingsFile))) return settings;
  const stack = settings.environment;
  const args = ["config", "--json", "--show-secrets", "--stack", stack];
  const json = await engine.cli(args, stack).catch((error: unknown): never => {
    throw error instanceof BlueGreenError && isUndecipherable(error)
      ? unopened(settings, error)
      : error;
  });
  if (json === null) return null;
  const entries = Object.entries(JSON.parse(json) as Record<string, ConfigValue>);
  const raw = Object.fromEntries(entries.map(([key, { value }]) => [key, value ?? ""]));
  const secretKeys = entries.filter(([, { secret }]) => secret === true).map(([key]) => key);
  return absolutePaths(parseSettings(raw, { file: settingsFile, secretKeys }), cwd);
}

/** The engine opens all or none, and doesn't say which value it failed at. */
function unopened(settings: Settings, cause: BlueGreenError): BlueGreenError {
  const keys = closedPaths(settings).map(keyText);
  const sentence = `a secret value can't be decrypted: ${keys.join(" or ")}`;
  const way = `bluegreen pulumi -s ${settings.environment} -- config set --secret --path '${keys[0] ?? "KEY"}'`;
  return new BlueGreenError("ENGINE_FAILED", sentence, {
    hint: `set ${keys.length === 1 ? "it" : "each of them"} again: \`${way}\``,
    details: cause.details,
    cause,
  });
}

function closedPaths(value: unknown, path: Path = []): readonly Path[] {
  if (value === opaqueSecret) return [path];
  if (typeof value !== "object" || value === null) return [];
  const part = (key: string): string | number => (Array.isArray(value) ? Number(key) : key);
  return Object.entries(value).flatMap(([key, inner]) => closedPaths(inner, [...path, part(key)]));
}

/** What the secrets of a settings file are read with. */
export type Revealing = Pick<Session, "settings" | "settingsFile" | "cwd"> & {
  readonly engine: Pick<Session["engine"], "cli">;
};

/**
 * A part of the settings with its secrets in clear; the same where none of it has any.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function openSecrets<Part extends "checks" | "metrics" | "hooks" | "notify">(
  session: Revealing,
  part: Part,
): Promise<Settings[Part]> {
  const closed = session.settings[part];
  if (!closed.some(hasClosedSecret)) return closed;
  return (await revealedSettings(session))?.[part] ?? closed;
}

interface ConfigValue {
  readonly value?: string;
  /** True where the value or a part of it is encrypted. */
  readonly secret?: boolean;
}

/** Null where the digest can't be known before. */
export async function digestOf(session: Session, version: string): Promise<string | null> {
  const settings = await revealedSettings(session);
  if (!settings) return null;
  return (await session.platform.freeze(settings, { version, store: false })).release.digest;
}
