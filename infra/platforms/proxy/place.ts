/** Where and how an environment's router on nginx or HAProxy runs, by the settings. */

import { homedir } from "node:os";
import { join } from "node:path";

import type { Settings } from "../../config.ts";
import type { Address, PerColor } from "../../model.ts";
import { placeOf } from "../local/place.ts";
import type { SshAccess } from "./hosts/open-ssh.ts";
import { safePathProblem } from "./safe-text.ts";
import { routerAccessOf, specOf } from "./settings.ts";
import type { RouterSpec } from "./spec.ts";

export interface RouterPlace {
  /** Without anything reserved: that is the routes' matter. */
  readonly spec: RouterSpec;
  /** Null where the router's host is this machine. */
  readonly ssh: SshAccess | null;
}

/** @throws SETTINGS_INVALID when the settings carry no application id yet */
export function routerPlaceOf(settings: Settings): RouterPlace {
  const { spec } = wholeSpecOf(settings);
  return { spec, ssh: routerAccessOf(settings.proxy) };
}

/** The addresses that each color will have whenever it is filled. */
export function reservedOf(settings: Settings): PerColor<readonly Address[]> {
  return wholeSpecOf(settings).reserved;
}

function wholeSpecOf(settings: Settings) {
  const { proxy, drainMs, given } = settings;
  const owner = `${settings.application ?? ""}/${settings.environment}`;
  const { reserved, ...spec } = specOf(proxy, {
    dir: routerFolder(settings, process),
    drainMs,
    given: {
      ...(given.blue && { blue: given.blue.addresses }),
      ...(given.green && { green: given.green.addresses }),
    },
  });
  return { spec: { ...spec, owner }, reserved };
}

/** What decides where a user's files are. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly getuid?: () => number;
}

/**
 * The folder of the router where the settings name none. Workers have an account of their own when
 * root starts a server, and nobody else may enter root's home.
 *
 * @throws SETTINGS_INVALID when the settings carry no application id yet
 */
export function routerFolder(settings: Settings, { env, getuid }: Surroundings): string {
  const state = placeOf(settings, env).router;
  const { application, environment } = settings;
  const place = [application ?? "", environment, "router"];
  if (getuid?.() === 0) return join("/var/lib/bluegreen", ...place);
  // A configuration takes no spaces, as the usual folder has them on macOS.
  return safePathProblem(state) === null
    ? state
    : join(env["HOME"] ?? homedir(), ".bluegreen", ...place);
}
