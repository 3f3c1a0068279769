/** Inputs as they were before the engine dropped their nulls: absent is null again. */

import type { SshAccess } from "../hosts/open-ssh.ts";
import type { RouterPlace } from "../place.ts";
import type { Rotation } from "../rotation.ts";
import type { RouterSpec } from "../spec.ts";

/** As it arrives: without what was null. */
type Dropped<T> = { readonly [K in keyof T]?: T[K] | undefined };

export function wholePlace(inputs: {
  readonly spec: RouterSpec;
  readonly ssh?: Dropped<SshAccess> | null;
}): RouterPlace {
  const { spec, ssh } = inputs;
  const { user = null, check = null, socket = null, cookie = null } = spec as Dropped<RouterSpec>;
  return { spec: { ...spec, user, check, socket, cookie }, ssh: wholeAccess(ssh) };
}

export function wholeAccess(ssh: Dropped<SshAccess> | null | undefined): SshAccess | null {
  if (!ssh) return null;
  const { user = null, port = null, key = null, knownHosts = null } = ssh;
  return { ...ssh, user, port, key, knownHosts } as SshAccess;
}

/** Also of a state from before there was one. */
export function wholeRotation(rotation: Dropped<Rotation> | null | undefined): Rotation | null {
  if (!rotation) return null;
  const { ssh, lock = null } = rotation;
  return { ...rotation, ssh: wholeAccess(ssh), lock } as Rotation;
}
