/** Reads, changes and copies settings files on disk; nobody ever meets half of one. */

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { parseSettingsYaml } from "../../infra/config/settings-yaml.ts";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { editSettings } from "./settings-edit.ts";
import type { SettingChanges } from "./settings-edit.ts";

export { editSettings } from "./settings-edit.ts";
export type { SettingChanges } from "./settings-edit.ts";

/** How often a change is applied anew when somebody else changes the file meanwhile. */
const writeAttempts = 5;

/**
 * The text of a settings file, byte for byte.
 *
 * @throws BlueGreenError SETTINGS_UNREADABLE where it is missing or isn't one YAML document.
 */
export function readSettingsFile(path: string): string {
  const text = decode(readBytes(path), path);
  parseSettingsYaml(text, path);
  return text;
}

/**
 * Sets values in the file as it is on disk now, whatever it was when somebody last read it. A
 * reader finds the former or the new text; mode and symbolic links stay. True where it changed.
 *
 * @throws BlueGreenError SETTINGS_UNREADABLE, or STORE_FAILED where a value can't be changed.
 */
export function writeSettingsFile(
  path: string,
  changes: SettingChanges,
  read: (path: string) => string = readSettingsFile,
): boolean {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const text = read(path);
    const edited = editSettings(text, changes, path);
    if (edited === text) return false;
    if (replaceFile(path, edited, () => read(path) === text)) return true;
  }
  throw new BlueGreenError("STORE_FAILED", `${path} is being changed by somebody else`, {
    hint: "Close what writes it, then run the command again.",
  });
}

/**
 * Writes a copy with changed values into another folder, readable by its owner only, and returns
 * its path: the engine takes it as its config file, and may write into it.
 *
 * @throws BlueGreenError SETTINGS_UNREADABLE or STORE_FAILED.
 */
export function copyForEngine(path: string, changes: SettingChanges, folder: string): string {
  const edited = editSettings(readSettingsFile(path), changes, path);
  const copy = join(folder, basename(path));
  return storing(copy, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (realpathSync(folder) === realpathSync(dirname(path))) {
      throw new Error("it would replace the settings themselves");
    }
    rmSync(copy, { force: true });
    writeFileSync(copy, edited, { mode: 0o600, flag: "wx" });
    return copy;
  });
}

/** False, with nothing changed, where the file is no longer the expected one. */
function replaceFile(path: string, text: string, isExpected: () => boolean): boolean {
  const target = storing(path, () => realpathSync(path));
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    storing(path, () => {
      writeSynced(temporary, { text, mode: statSync(target).mode & 0o777 });
    });
    if (!isExpected()) return false;
    storing(path, () => {
      renameSync(temporary, target);
    });
    return true;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeSynced(path: string, { text, mode }: { text: string; mode: number }): void {
  rmSync(path, { force: true });
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, text);
    // Set apart from opening, where the process's umask would take bits away.
    fchmodSync(file, mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function storing<T>(path: string, store: () => T): T {
  try {
    return store();
  } catch (cause) {
    throw new BlueGreenError("STORE_FAILED", `${path} couldn't be written: ${messageOf(cause)}`, {
      hint: "Free disk space or fix the folder's permissions, then run the command again.",
      cause,
    });
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const reason = missing ? "doesn't exist" : `can't be read: ${messageOf(cause)}`;
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${path} ${reason}`, {
      hint: missing
        ? "Each environment has its file: `bluegreen init` writes it, like one that is there."
        : "Make it a file that you may read.",
      cause,
    });
  }
}

/** Refuses bytes that aren't UTF-8, which would come back as something else. */
function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${path} isn't UTF-8 text`, {
      hint: "Save the file as UTF-8.",
      cause,
    });
  }
}
