/** The settings of the last update that was done, for a way back when the file can't be used. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { absolutePaths } from "../infra/config/absolute-paths.ts";
import { parseSettingsFile } from "../infra/config.ts";
import type { Settings } from "../infra/config.ts";
import { writeDurably } from "../infra/durable-file.ts";
import { messageOf } from "../infra/errors.ts";
import { stateDir } from "../infra/state-dir.ts";

export interface KeptSettings {
  readonly settings: Settings;
  /** When they were kept. */
  readonly at: Date;
}

/** No application can have this name. */
const folderName = ".settings";

/**
 * Keeps the text as it is, secrets included, for its owner's eyes only. Returns what went wrong, as
 * a sentence; null: nothing did.
 */
export async function keepSettings(settingsFile: string, text: string): Promise<string | null> {
  const copy = copyOf(settingsFile);
  try {
    if (textOf(copy) === text) return null;
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    await writeDurably(copy, text);
    return null;
  } catch (error) {
    return `the settings can't be kept for a rollback without them: ${messageOf(error)}`;
  }
}

/**
 * Null: none were kept here for that file.
 * @throws SETTINGS_UNREADABLE, SETTINGS_INVALID where the copy itself is of no use any more
 */
export function findKeptSettings(settingsFile: string): KeptSettings | null {
  const copy = copyOf(settingsFile);
  const text = textOf(copy);
  if (text === null) return null;
  const settings = absolutePaths(parseSettingsFile(text, settingsFile), dirname(settingsFile));
  return { settings, at: statSync(copy).mtime };
}

/** Once the environment is gone. */
export function forgetSettings(settingsFile: string): void {
  rmSync(copyOf(settingsFile), { force: true });
}

/** By the file's place alone: its application may be what can't be read. */
function copyOf(settingsFile: string): string {
  const folder = dirname(resolve(settingsFile));
  const place = join(existsSync(folder) ? realpathSync(folder) : folder, basename(settingsFile));
  const id = createHash("sha256").update(place).digest("hex").slice(0, 32);
  return join(stateDir(folderName), `${id}.yaml`);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
