/** The first time with somebody's running server: our files first, then its reload. */

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import { adoptionSteps } from "./adoption.ts";
import type { Attached } from "./dialect.ts";
import { preset } from "./flip.ts";
import { configText, install, storeAttached } from "./installation.ts";
import { wasAdopted } from "./reading.ts";
import { checkTargets, filesOf } from "./spec.ts";
import type { RouterState } from "./state.ts";
import { askStatus } from "./status.ts";

/**
 * Until then its server goes on without us, and there is nothing of ours that serves. One that was
 * reloaded by somebody else, and so follows our file already, is adopted by that.
 */
export async function isNotAdoptedYet(access: Access): Promise<boolean> {
  const { host, spec } = access;
  if (spec.mode === "managed") return false;
  if (await wasAdopted(access)) return false;
  if ((await askStatus(host, spec)).kind !== "answered") return true;
  await noteAdoption(access);
  return false;
}

/**
 * Writes the configuration where nobody reads it yet.
 *
 * @throws SETTINGS_INVALID, STORE_FAILED
 */
export async function layOut(access: Access, attached: Attached): Promise<void> {
  checkTargets(attached);
  const { spec, host, dialect } = access;
  await dialect.prepare(host, spec);
  const { config } = filesOf(spec);
  await host.write(config, configText(access, attached, await host.read(config)));
  await storeAttached(access, attached);
}

/**
 * The routes are there before the server first reads our file, so it never meets an inactive one:
 * without traffic for a color they only lie ready.
 *
 * @throws as `install`; the server's own configuration then serves on, and the error has the steps
 * that a person has to take.
 */
export async function adopt(access: Access, state: RouterState, attached: Attached): Promise<void> {
  const { spec } = access;
  if (state.weights.blue + state.weights.green === 0) {
    await layOut(access, attached);
    return preset(access, state);
  }
  await preset(access, state);
  await storeAttached(access, attached);
  try {
    await install(access, attached);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    throw new BlueGreenError(error.code, `${spec.dialect} isn't adopted yet: ${error.message}`, {
      details: [...error.details, ...adoptionSteps(spec)],
      hint: "Do as the last lines above say. Until then your own configuration serves as before.",
      cause: error,
    });
  }
  await noteAdoption(access);
}

async function noteAdoption({ spec, host }: Access): Promise<void> {
  await host.create(filesOf(spec).adopted, "");
}
