/** Reserves a color for a person, and makes all that a plain `pulumi up` needs to fill it. */

import type { Color, Owner } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { claimByHand } from "../../infra/rules/by-hand.ts";
import { endedBy } from "../../infra/rules/window.ts";
import { makeRouter } from "../rollout/action.ts";
import { lacksRouter } from "../rollout/decide.ts";
import type { Session } from "../session.ts";

export type ReservingSession = Pick<Session, "environment" | "settings" | "on" | "boundary">;

export interface Reservation {
  readonly color: Color;
  readonly owner: Owner;
  /** Also while the color's rollback window is open. */
  readonly force: boolean;
}

/**
 * In a new environment the router comes first, as with `bluegreen up`; the color's stack is made
 * empty where it isn't there.
 * @returns what is true then
 * @throws WINDOW_OPEN while going back to the color is possible, unless forced; and what refuses a claim
 */
export async function reserveByHand(
  session: ReservingSession,
  asked: Reservation,
): Promise<string> {
  const { environment, settings, boundary } = session;
  const { color } = asked;
  let view = await environment.observe({ fresh: true });
  if (lacksRouter(view)) {
    await bringRouter(session);
    view = await environment.observe({ fresh: true });
  }
  await environment.ensureColor(color);
  const { claimMs, version } = settings;
  const request = claimByHand({ ...asked, version, nowMs: view.nowMs, claimMs });
  boundary("before Claim");
  await environment.updateRouter(request);
  boundary("after Claim");
  const fill = `\`bluegreen pulumi -- up -s ${settings.environment}-${color}\``;
  return `${color} is yours until ${request.until}: ${fill}${wordsOf(view, color)}`;
}

async function bringRouter({ environment, on, boundary }: ReservingSession): Promise<void> {
  const started = Date.now();
  on({ kind: "Begun", action: makeRouter, phase: null });
  boundary("before Keep");
  await environment.updateRouter({ kind: "Keep" });
  boundary("after Keep");
  on({ kind: "Ended", action: makeRouter, ms: Date.now() - started });
}

/** What the claim has ended. */
function wordsOf(view: Observed, color: Color): string {
  const release = endedBy(view, color)?.previousRelease?.release;
  if (!release) return "";
  return `; its rollback window is over: there is no way back to ${release.version} any more`;
}
