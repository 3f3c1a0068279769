/** Runs one goal on an open session: checks, probes, bake and the loop put together. */

import { systemClock } from "../../infra/clock.ts";
import type { Color, Verdict } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { migrationsOf } from "../migrations/step-program.ts";
import { sourcesOf } from "../metrics/index.ts";
import { RouterBake } from "./bake.ts";
import { examineColor, openForChecks } from "./check-color.ts";
import { hooksFor } from "./run-hooks.ts";
import { directWay } from "./direct-flip.ts";
import { isDeadHere, newRolloutId, thisOwner } from "../owner.ts";
import type { Environment, Ports } from "../ports.ts";
import { reconcile } from "../reconcile.ts";
import type { Goal } from "../rollout/goal.ts";
import { warmUp } from "../warmup/warm-up.ts";
import { openSecrets } from "../release.ts";
import type { Revealing } from "../release.ts";
import type { Session } from "../session.ts";
import { policyOf } from "./policy.ts";
import { SwitchProbe } from "./switch-probe.ts";
import { moving } from "./write-back.ts";

/** What a goal needs of a session. */
export type GoalSession = Pick<
  Session,
  "settings" | "platform" | "application" | "cwd" | "on" | "boundary"
> &
  Revealing & {
    readonly environment: Environment;
  };

export interface GoalRun {
  readonly session: GoalSession;
  readonly goal: Goal;
  /** Aborted once a person asked to stop. */
  readonly signal: AbortSignal;
  readonly rolloutId?: string;
}

/** @returns the sentence that is true in the end; throws BlueGreenError why not */
export async function runGoal(run: GoalRun): Promise<string> {
  const { session, goal, signal } = run;
  const interrupted = (): boolean => signal.aborted;
  const { settings, on, boundary } = session;
  const probe = new SwitchProbe({ settings, url: session.platform.url(settings) });
  const environment = probed(session.environment, probe);
  const bake = await bakeOf(run, probe);
  const ports: Ports = {
    environment: remembering(environment, bake),
    checks: { run: (view, color) => warmAndCheck(session, view, color, signal) },
    hooks: await hooksFor(session, goal, signal),
    bake,
    migrations: migrationsOf(session),
    direct: directWay(session),
    clock: systemClock,
    on,
    interrupted,
    boundary,
  };
  const self = {
    owner: thisOwner(),
    rolloutId: run.rolloutId ?? newRolloutId(Date.now()),
    isDead: isDeadHere,
  };
  const policy = policyOf(settings, session.platform.size(settings));
  try {
    return await reconcile({ goal, policy, self, ports });
  } finally {
    await bake.end();
    await probe.stop(on);
  }
}

/** What moves traffic and watches it afterwards learns before what is usual. */
async function bakeOf({ session, goal, signal }: GoalRun, probe: SwitchProbe): Promise<RouterBake> {
  const { settings, on, platform, cwd } = session;
  const watches = goal.kind === "Deploy" || goal.kind === "SwitchTo";
  const judges = watches || (goal.kind === "RetireIdle" && (goal.overrideFailing ?? null) === null);
  const around = { cwd, env: process.env, url: platform.url(settings) };
  return new RouterBake({
    settings,
    clock: systemClock,
    read: () => session.environment.read(),
    on,
    formerFails: (failing) => probe.formerFails(failing),
    answers: () => probe.answers(),
    own: probe,
    interrupted: () => signal.aborted,
    sources: judges ? sourcesOf(await openSecrets(session, "metrics"), around) : [],
    sampleEveryMs: watches ? Math.max(minSampleMs, settings.bake.intervalMs) : null,
  });
}

/** Shorter stretches than a second say little of how errors come. */
const minSampleMs = 1_000;

async function warmAndCheck(
  session: GoalSession,
  view: Observed,
  color: Color,
  signal: AbortSignal,
): Promise<Verdict> {
  const addresses = view.colors[color]?.addresses ?? [];
  const sentence = await warmUp(session.settings.warmup, { addresses, signal });
  if (sentence !== null) session.on({ kind: "Noted", sentence });
  return checkColor(session, view, color, signal);
}

/** Runs all checks on a color and reports their findings; the signal ends those that still run. */
export async function checkColor(
  session: GoalSession,
  view: Observed,
  color: Color,
  signal: AbortSignal,
): Promise<Verdict> {
  const settings = await openForChecks(session);
  const { verdict, findings } = await examineColor({ ...session, settings, signal }, view, color);
  session.on({
    kind: "Checked",
    color,
    verdict,
    findings: findings.map(({ name, verdict: each, sentence, evidence }) => ({
      name,
      verdict: each,
      sentence,
      ...(evidence === "" ? {} : { evidence }),
    })),
  });
  return verdict;
}

/** The probe counts from before the first update that moves traffic. */
function probed(environment: Environment, probe: SwitchProbe): Environment {
  return {
    observe: (options) => environment.observe(options),
    read: () => environment.read(),
    updateColor: (color, request) => environment.updateColor(color, request),
    emptyColor: (color) => environment.emptyColor(color),
    updateRouter: async (request) => {
      const moves = moving.has(request.kind);
      const { record, reading } = await environment.observe({ fresh: false });
      if (moves && record.activeColor) await probe.start(record.activeColor, reading.url);
      await environment.updateRouter(request);
      if (moves) await probe.start(null);
    },
  };
}

function remembering(environment: Environment, bake: RouterBake): Environment {
  return {
    ...environment,
    observe: async (options) => {
      const view = await environment.observe(options);
      bake.begin(view);
      return view;
    },
  };
}
