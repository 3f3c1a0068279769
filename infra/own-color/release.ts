/** What a release of a component of the user's own is: its version, its files, and what it gets. */

import { BlueGreenError } from "../errors.ts";
import type { Settings } from "../config.ts";
import type { ColorArgs, Frozen } from "../platform.ts";
import { concealEnv } from "../platforms/local/concealed-env.ts";
import { specDigest } from "../platforms/local/release-files.ts";
import type { ComponentSource } from "./source.ts";
import { readComponent } from "./source.ts";

/** What a component is called with again when its color is brought back or grows. */
export interface OwnSpec {
  /** Digest of the component's files. */
  readonly component: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface OwnFrozen extends Frozen {
  readonly spec: OwnSpec;
}

/** Whether what is frozen is made by a component of the user's own. */
export function isOwn(frozen: Frozen): frozen is OwnFrozen {
  return componentOf(frozen) !== null;
}

/** Digest of the component's files; null where the platform makes the color. */
export function componentOf({ spec }: Frozen): string | null {
  if (typeof spec !== "object" || spec === null || !("component" in spec)) return null;
  return typeof spec.component === "string" ? spec.component : null;
}

/** @throws SETTINGS_INVALID where the component's file can't be read */
export async function freezeOwn(
  file: string,
  { color, application }: Settings,
  version: string,
): Promise<OwnFrozen> {
  const { digest: component } = await readComponent(file);
  const spec: OwnSpec = { component, with: color.with, secrets: color.secrets };
  const covered = { ...spec, version, secrets: await concealEnv(spec.secrets, application) };
  return { release: { version, digest: specDigest(covered) }, spec };
}

/**
 * The component as it was when the release was frozen: there is no copy of an edited one.
 * @throws COLOR_SERVES, RELEASE_CHANGED, SETTINGS_INVALID where it can't be read
 */
export async function frozenComponent({
  settings: { color: own },
  color,
  frozen: { release, spec },
  serves,
}: Pick<ColorArgs, "settings" | "color"> & {
  readonly frozen: OwnFrozen;
  /** Whether the color has traffic. */
  readonly serves: boolean;
}): Promise<ComponentSource> {
  const source = own.file === null ? null : await readComponent(own.file);
  if (source?.digest === spec.component) return source;
  const holds = `${color} ${serves ? "has traffic with" : "holds"} ${release.version}`;
  const now = source
    ? `${source.file} was edited since`
    : "bluegreen:color.file isn't set any more";
  throw new BlueGreenError(
    serves ? "COLOR_SERVES" : "RELEASE_CHANGED",
    `${holds} as your own component made it, and ${now}`,
    {
      hint:
        "put it back as it was (`git stash`) and run the command again; what was edited is rolled " +
        "out to the idle color: `bluegreen deploy`",
    },
  );
}
