/** The release that would be deployed now: its settings with the secrets in clear, and its digest. */

import type { Settings } from "../infra/config.ts";
import { parseSettings } from "../infra/config.ts";
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
  const json = await engine.cli(["config", "--json", "--show-secrets", "--stack", stack], stack);
  if (json === null) return null;
  const entries = Object.entries(JSON.parse(json) as Record<string, ConfigValue>);
  const raw = Object.fromEntries(entries.map(([key, { value }]) => [key, value ?? ""]));
  const secretKeys = entries.filter(([, { secret }]) => secret === true).map(([key]) => key);
  return absolutePaths(parseSettings(raw, { file: settingsFile, secretKeys }), cwd);
}

/** What the secrets of a settings file are read with. */
export type Revealing = Pick<Session, "settings" | "settingsFile" | "cwd"> & {
  readonly engine: Pick<Session["engine"], "cli">;
};

/**
 * The checks, or the metrics, with their secrets in clear; the same where none of them has any.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function openSecrets<Part extends "checks" | "metrics">(
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
