/** Hooks whose values are secret: opened with the engine, or not run. */

import type { Hook, Settings } from "../../infra/config.ts";
import { opaqueSecret } from "../../infra/config.ts";
import { messageOf } from "../../infra/errors.ts";
import type { Event } from "../event.ts";
import { revealedSettings } from "../release.ts";
import type { Revealing } from "../release.ts";

/** True where a value is still closed that only the engine can read. */
export function hasClosedSecret({ env, secret }: Pick<Hook, "env" | "secret">): boolean {
  return secret === opaqueSecret || Object.values(env).includes(opaqueSecret);
}

/**
 * The hooks with their secrets in clear; the same where none has any.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function openHooks(session: Revealing): Promise<Settings["hooks"]> {
  const { hooks } = session.settings;
  if (!hooks.some(hasClosedSecret)) return hooks;
  return (await revealedSettings(session))?.hooks ?? hooks;
}

/**
 * The hooks of a run, opened first so that nothing stands in the way once traffic has moved. What
 * can't be read then, since the environment doesn't exist yet, is opened when it is asked for.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED at first only: later they stay closed, and that is told
 */
export async function openingHooks(
  session: Revealing & { readonly on: (event: Event) => void },
): Promise<() => Promise<Settings["hooks"]>> {
  let hooks = await openHooks(session);
  return async () => {
    if (!hooks.some(hasClosedSecret)) return hooks;
    try {
      hooks = await openHooks(session);
    } catch (error) {
      const sentence = `secret values of hooks can't be read: ${messageOf(error)}`;
      session.on({ kind: "Noted", sentence });
    }
    return hooks;
  };
}
