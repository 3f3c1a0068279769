/** The environments that a project has already, as their settings files say. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, parseDocument } from "yaml";
import type { Settings } from "../../infra/config.ts";
import { parseSettingsFile } from "../../infra/config.ts";
import { ownKey } from "../../infra/config/source.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import { applicationForm, applicationMaxLength } from "../../infra/state-dir.ts";

export interface OtherEnvironment {
  /** Base name of its file. */
  readonly name: string;
  readonly text: string;
  readonly environment: string;
  /** Null where the file isn't right settings. */
  readonly settings: Settings | null;
}

/** `dev` first, then by name. */
export function otherEnvironments(cwd: string, own: string): readonly OtherEnvironment[] {
  const names = readdirSync(cwd).flatMap((name) => settingsName.exec(name)?.[1] ?? []);
  return names
    .filter((environment) => environment !== own)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((environment) => environmentIn(cwd, environment));
}

/** The environment's own file; null where it isn't there yet. */
export function ownSettings(cwd: string, environment: string): OtherEnvironment | null {
  return readIfThere(join(cwd, `Pulumi.${environment}.yaml`)) === null
    ? null
    : environmentIn(cwd, environment);
}

function environmentIn(cwd: string, environment: string): OtherEnvironment {
  const name = `Pulumi.${environment}.yaml`;
  const text = readIfThere(join(cwd, name)) ?? "";
  return { name, text, environment, settings: parsed(text, name) };
}

const settingsName = /^Pulumi\.([a-z0-9-]+)\.yaml$/;

function rank(environment: string): number {
  return environment === "dev" ? 0 : 1;
}

/** Port of its router, on any platform. */
export function portOf({ platform, local, proxy }: Settings): number {
  return platform === "local" ? local.port : proxy.port;
}

/** Environments of one project belong to one application; also told where a file isn't right. */
export function knownApplication(
  others: readonly Pick<OtherEnvironment, "text" | "settings">[],
): string | null {
  const found = others.flatMap(
    ({ text, settings }) => settings?.application ?? applicationIn(text) ?? [],
  );
  return found[0] ?? null;
}

/** With or without its namespace, however it is quoted; whatever else is wrong with the text. */
function applicationIn(text: string): string | null {
  const config = parseDocument(text, { logLevel: "silent" }).get("config", true);
  if (!isMap(config)) return null;
  const pair = config.items.find(
    ({ key }) => isScalar(key) && ownKey(String(key.value)) === "application",
  );
  const name = isScalar(pair?.value) ? String(pair.value.value) : "";
  return name.length <= applicationMaxLength && applicationForm.test(name) ? name : null;
}

function parsed(text: string, name: string): Settings | null {
  try {
    return parseSettingsFile(text, name);
  } catch (error) {
    if (error instanceof BlueGreenError) return null;
    throw error;
  }
}

/** Null where there is no such file. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}
