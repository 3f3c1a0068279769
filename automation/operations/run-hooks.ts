/** Runs the user's hooks in an environment's session, and tells what they said. */

import { systemClock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import type { Observed } from "../../infra/observation.ts";
import { messageOf } from "../../infra/errors.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import { endingWatch } from "./ended-rollout.ts";
import { runHooks } from "../hooks/runner.ts";
import type { HookScene } from "../hooks/runner.ts";
import type { Environment, Hooks } from "../ports.ts";
import { openSecrets } from "../release.ts";
import type { Revealing } from "../release.ts";
import type { RunHooks } from "../rollout/action.ts";
import type { Goal } from "../rollout/goal.ts";
import type { Session } from "../session.ts";

/** What hooks need of a session. */
export type HookSession = Revealing &
  Pick<Session, "platform" | "application" | "on"> & {
    readonly environment: Pick<Environment, "observe">;
  };

/**
 * Opens secrets first, so that nothing stands in the way once traffic has moved; a way back has no
 * hooks, and opens none.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function hooksFor(
  session: HookSession,
  goal: Goal,
  signal: AbortSignal,
): Promise<Hooks> {
  const hooks = goal.kind === "RollBackNow" ? noHooks : await openingHooks(session);
  return {
    run: async (view, due, stop) => {
      const ending = stop ? AbortSignal.any([signal, stop]) : signal;
      const { findings, end } = await runHooks(
        await hooks(),
        due,
        sceneOf(session, view, due, ending),
      );
      const { stage, subject } = due;
      const told = findings.map(({ verdict, sentence, evidence }, index) => ({
        name: `${stage} ${index + 1}`,
        verdict,
        sentence,
        ...(evidence === "" ? {} : { evidence }),
      }));
      session.on({ kind: "Hooked", stage, color: subject.color, findings: told });
      return end;
    },
  };
}

/**
 * The hooks of a run, opened first so that nothing stands in the way once traffic has moved. What
 * can't be read then, since the environment doesn't exist yet, is opened when it is asked for.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED at first only: later they stay closed, and that is told
 */
export async function openingHooks(
  session: Revealing & Pick<Session, "on">,
): Promise<() => Promise<Settings["hooks"]>> {
  let hooks = await openSecrets(session, "hooks");
  return async () => {
    if (!hooks.some(hasClosedSecret)) return hooks;
    try {
      hooks = await openSecrets(session, "hooks");
    } catch (error) {
      const sentence = `secret values of hooks can't be read: ${messageOf(error)}`;
      session.on({ kind: "Noted", sentence });
    }
    return hooks;
  };
}

const noHooks = (): Promise<Settings["hooks"]> => Promise.resolve([]);

function sceneOf(
  session: HookSession,
  { colors, reading }: Observed,
  { stage, subject }: RunHooks,
  signal: AbortSignal,
): HookScene {
  const { settings, platform, application, cwd } = session;
  const { color } = subject;
  // Before it is filled, what the color holds is another release.
  const filled = stage !== "PRE_SCALE_UP";
  return {
    ended: endingWatch(session, subject),
    environment: settings.environment,
    application,
    cwd,
    env: process.env,
    addresses: filled ? (colors[color]?.addresses ?? []) : [],
    url: reading.url ?? platform.url(settings),
    preview: filled && reading.attached[color].length > 0,
    clock: systemClock,
    signal,
  };
}
