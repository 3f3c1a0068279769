/** Reserves a color for a person, and makes all that a plain `pulumi up` needs to fill it. */

import type { Color, Owner } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { claimByHand } from "../../infra/rules/by-hand.ts";
import { endedBy } from "../../infra/rules/window.ts";
import { describeRequest, makeRouter } from "../rollout/action.ts";
import { lacksRouter } from "../rollout/decide.ts";
import type { Session } from "../session.ts";
import { makeStep } from "./step.ts";

export type ReservingSession = Pick<Session, "environment" | "settings" | "on" | "boundary">;

export interface Reservation {
  readonly color: Color;
  readonly owner: Owner;
  /** Also while the color's rollback window is open. */
  readonly force: boolean;
}

/**
 * In a new environment the router comes first, as with `bluegreen up`; once the color is claimed,
 * its stack is made empty where it isn't there.
 * @returns what is true then
 * @throws WINDOW_OPEN while going back to the color is possible, unless forced; and what refuses a claim
 */
export async function reserveByHand(
  session: ReservingSession,
  asked: Reservation,
): Promise<string> {
  const { environment, settings } = session;
  const { color } = asked;
  let view = await environment.observe({ fresh: true });
  if (lacksRouter(view)) {
    await makeStep(session, { point: "Keep", action: makeRouter }, () =>
      environment.updateRouter({ kind: "Keep" }),
    );
    view = await environment.observe({ fresh: true });
  }
  const { claimMs, version } = settings;
  const request = claimByHand({ ...asked, version, nowMs: view.nowMs, claimMs });
  await makeStep(session, { point: "Claim", action: describeRequest(request) }, () =>
    environment.updateRouter(request),
  );
  await environment.ensureColor(color);
  const fill = `\`bluegreen pulumi -- up -s ${settings.environment}-${color}\``;
  const then = `then \`bluegreen switch ${color}\``;
  return `${color} is yours until ${request.until}: ${fill}, ${then}${wordsOf(view, color)}`;
}

/** What the claim has ended. */
function wordsOf(view: Observed, color: Color): string {
  const release = endedBy(view, color)?.previousRelease.release;
  if (!release) return "";
  return `; its rollback window is over: there is no way back to ${release.version} any more`;
}
