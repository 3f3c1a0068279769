/** Runs the user's hooks of a stage, one after the other, until one refuses. */

import type { Clock } from "../../infra/clock.ts";
import type { Hook } from "../../infra/config.ts";
import type { HookStage } from "../../infra/hook-stages.ts";
import type { Address } from "../../infra/model.ts";
import { attemptAll } from "../checks/attempts.ts";
import type { Attempted } from "../checks/attempts.ts";
import type { Outcome } from "../checks/finding.ts";
import { environmentOf, outcomeOfProgram, planOf, programName } from "../checks/own-program.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import { filledIn } from "../placeholders.ts";
import type { HookSubject, RunHooks } from "../rollout/action.ts";
import type { HooksEnd } from "../rollout/hooks-end.ts";
import { askWebhook, placeOf } from "./webhook.ts";

/** What hooks see of where they run. */
export interface HookScene {
  readonly environment: string;
  readonly application: string;
  /** Folder in which programs run. */
  readonly cwd: string;
  /** Environment from which programs get the few variables that they may see. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Instances of the color; none before it is filled. */
  readonly addresses: readonly Address[];
  /** Public address of the router; null where there is none yet. */
  readonly url: string | null;
  /** True where the router sends requests with the preview header to the color they name. */
  readonly preview: boolean;
  readonly clock: Clock;
  /** Ends the hook that runs, and keeps the others from being run. */
  readonly signal: AbortSignal;
  /** How the rollout was ended meanwhile, as a sentence; null while it goes on. */
  readonly ended: () => Promise<string | null>;
}

/** `place`: which of its stage's hooks it is, from 1. */
type PlacedScene = HookScene & { readonly place: number };

export interface HooksRun {
  readonly findings: readonly Outcome[];
  readonly end: HooksEnd;
}

/** Version of what webhooks are sent. */
const payloadSchema = 1;

/** Never rejects for what a hook does. */
export async function runHooks(
  hooks: readonly Hook[],
  due: Pick<RunHooks, "stage" | "subject">,
  scene: HookScene,
): Promise<HooksRun> {
  const findings: Outcome[] = [];
  for (const [index, hook] of hooks.filter(({ stage }) => stage === due.stage).entries()) {
    const seen: { ended: string | null } = { ended: null };
    const found = await runHook(hook, due, {
      ...scene,
      place: index + 1,
      ended: async () => (seen.ended ??= await scene.ended()),
    });
    if (seen.ended !== null) {
      findings.push({ ...found, verdict: "inconclusive", sentence: seen.ended });
      return { findings, end: { kind: "ended" } };
    }
    const stops = hook.onFailure === "stop" && due.stage !== "POST_CLEAN_UP";
    const refused = found.verdict !== "pass";
    const interrupted = refused && scene.signal.aborted;
    const only = refused && !stops && !interrupted ? "; this is only told" : "";
    findings.push({ ...found, sentence: `${found.sentence}${only}` });
    if (interrupted) return { findings, end: { kind: "interrupted" } };
    if (refused && stops) {
      const sentence = `the hook of ${due.stage} refused: ${found.sentence}`;
      return { findings, end: { kind: "refused", sentence } };
    }
  }
  return { findings, end: { kind: "done" } };
}

async function runHook(
  hook: Hook,
  due: Pick<RunHooks, "stage" | "subject">,
  scene: PlacedScene,
): Promise<Outcome> {
  if (hasClosedSecret(hook)) {
    const sentence = `${nameOf(hook)} wasn't run, since its secret values can't be read here`;
    return { verdict: "error", sentence, evidence: "" };
  }
  const { clock, signal } = scene;
  const plan = planOf({ ...hook, deadlineMs: 0 });
  const { outcome } = await attemptAll(plan, { clock, signal }, (ended) =>
    attempt(hook, due, { ...scene, signal: ended }),
  );
  return outcome;
}

function attempt(
  { argv, env, webhook, secret, timeoutMs }: Hook,
  { stage, subject }: Pick<RunHooks, "stage" | "subject">,
  scene: PlacedScene,
): Promise<Attempted> {
  const { cwd, signal, place } = scene;
  if (webhook === null) {
    const words = (argv ?? []).map((word) => filledIn(word, subject));
    const variables = variablesOf(env, { stage, subject }, scene);
    return outcomeOfProgram({ argv: words, env, timeoutMs }, { cwd, variables, signal });
  }
  const { environment, application } = scene;
  const body = JSON.stringify({
    schema: payloadSchema,
    stage,
    rollout: { ...subject, version: subject.version === "" ? null : subject.version },
    environment,
    application,
  });
  // Of two hooks of one stage that go to one receiver, the second is no repetition.
  const which = place > 1 ? `:${place}` : "";
  const idempotencyKey = `${subject.id}:${stage}${which}`;
  return askWebhook({ url: webhook, secret: secret ?? "", body, idempotencyKey, timeoutMs }, scene);
}

/** What commands of checks see, and the rollout with its stage. */
function variablesOf(
  own: Hook["env"],
  { stage, subject }: { readonly stage: HookStage; readonly subject: HookSubject },
  scene: PlacedScene,
): Record<string, string> {
  const { color, version, former, id, digest } = subject;
  return {
    ...environmentOf(own, { ...scene, color, version }),
    BLUEGREEN_STAGE: stage,
    BLUEGREEN_ROLLOUT: id,
    BLUEGREEN_DIGEST: digest ?? "",
    BLUEGREEN_FORMER: former ?? "",
    BLUEGREEN_ENVIRONMENT: scene.environment,
    BLUEGREEN_APPLICATION: scene.application,
  };
}

function nameOf({ argv, webhook }: Hook): string {
  return webhook === null ? programName(argv ?? []) : placeOf({ url: webhook }).origin;
}
