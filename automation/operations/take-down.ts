/** Removes an environment in the order that leaves nothing half alive: traffic, colors, router. */

import { systemClock } from "../../infra/clock.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { colors } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { claimedBy, liveClaim } from "../../infra/rules/claim.ts";
import { forgetSettings } from "../kept-settings.ts";
import { isDeadHere } from "../owner.ts";
import { confirm } from "../question.ts";
import type { CommandContext } from "../command.ts";
import { drain } from "../draining.ts";
import { describeAction } from "../rollout/action.ts";
import { hasNothingOpen } from "../rollout/drain.ts";
import type { Session } from "../session.ts";
import { makeStep } from "./step.ts";

/**
 * Returns the session in which it was done.
 * @throws CLAIMED, ROUTER_ACTIVE before anything is done
 */
export async function takeDown(
  context: CommandContext,
  { stopServing }: { readonly stopServing: boolean },
): Promise<Session> {
  const session = await context.openSession();
  const view = await session.environment.observe({ fresh: true });
  const { environment } = session.settings;
  refuseClaimed(view);
  refuseServing(view, stopServing);
  await confirm(context, `Remove environment ${environment} with everything in it?`);
  if (view.record.activeColor !== null) {
    await step(session, "stop serving", () =>
      session.environment.updateRouter({ kind: "Deactivate" }),
    );
  }
  for (const color of colors) {
    const { record, colors: held } = await session.environment.observe({ fresh: false });
    if (!held[color] && record.retiring !== color) {
      // A killed update may have left something there.
      await session.environment.emptyColor(color);
      continue;
    }
    await step(session, `empty ${color}`, async () => {
      await session.environment.updateRouter({ kind: "Retire", color, force: true });
      await drainColor(session, color);
      await session.environment.emptyColor(color);
      await session.environment.updateRouter({ kind: "Retired", color });
    });
  }
  await step(session, "remove the router and the stacks", () => session.environment.remove());
  forgetSettings(session.settingsFile);
  session.on({ kind: "Finished", sentence: `environment ${environment} is gone`, exitCode: 0 });
  return session;
}

/** Somebody is at work here: not even a yes ends that, only what ends their rollout does. */
function refuseClaimed({ record, nowMs }: Observed): void {
  const { rollout } = record;
  const live = liveClaim(record, nowMs);
  if (!live || !rollout) return;
  const dead = live.owner !== null && !isByHand(rollout.id) && isDeadHere(live.owner);
  if (!dead) throw claimedBy(live, rollout);
}

/** What the color still answers may end first; a color that is given stays anyway. */
async function drainColor({ environment, settings, on }: Session, color: Color): Promise<void> {
  const { colors: held, reading } = await environment.observe({ fresh: false });
  if (held[color]?.given === true || hasNothingOpen(reading, color)) return;
  const ms = settings.drainMs;
  const draining = { kind: "Drain", color, ms } as const;
  on({ kind: "Progressed", sentence: describeAction(draining) });
  await drain({ environment, clock: systemClock, interrupted: () => false }, draining);
}

function refuseServing({ record }: Observed, stopServing: boolean): void {
  if (record.activeColor === null || stopServing) return;
  throw new BlueGreenError("ROUTER_ACTIVE", `${record.activeColor} has traffic`, {
    hint: "`bluegreen down --stop-serving` takes the application off line first",
  });
}

function step(session: Session, action: string, work: () => Promise<void>): Promise<void> {
  return makeStep(session, { point: action, action }, work);
}
