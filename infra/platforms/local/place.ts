/** Where the local platform keeps its files: one folder per environment of an application. */

import { join } from "node:path";
import { BlueGreenError } from "../../errors.ts";
import type { Color } from "../../model.ts";
import { stateDir } from "../../state-dir.ts";

export interface Place {
  readonly router: string;
  readonly color: Readonly<Record<Color, string>>;
  /** Copies of releases, by the digest of their files. */
  readonly releases: string;
}

/** @throws SETTINGS_INVALID when the settings carry no application id yet */
export function placeOf(
  settings: { readonly application: string | null; readonly environment: string },
  env?: Readonly<Record<string, string | undefined>>,
): Place {
  const { application, environment } = settings;
  if (application === null) {
    throw new BlueGreenError("SETTINGS_INVALID", "bluegreen:application isn't set", {
      hint: "run `bluegreen up` once: it chooses an id and writes it into the settings file",
    });
  }
  const root = join(stateDir(application, env), "environments", environment);
  return {
    router: join(root, "router"),
    color: { blue: join(root, "blue"), green: join(root, "green") },
    releases: join(root, "releases"),
  };
}
