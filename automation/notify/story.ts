/** Folds the events of one run into what is worth telling others, each thing once. Pure. */

import { errorKinds } from "../../infra/errors.ts";
import type { ErrorCode, ExitName } from "../../infra/errors.ts";
import { phaseSentences } from "../../infra/model.ts";
import type { Event, RolloutSummary } from "../event.ts";
import { incidents } from "./news.ts";
import type { News, Standing } from "./news.ts";

export interface Story {
  /** True once a command has started whose rollouts others want to know of. */
  readonly told: boolean;
  readonly runId: string;
  readonly by: string;
  readonly rollout: RolloutSummary | null;
  /** True once this run works on it. */
  readonly own: boolean;
  /** What was told last of the rollout; null: nothing. */
  readonly standing: Standing | null;
}

export const emptyStory: Story = {
  told: false,
  runId: "",
  by: "",
  rollout: null,
  own: false,
  standing: null,
};

/** The commands that move a rollout on, or end it. */
const telling: ReadonlySet<string> = new Set(["deploy", "switch", "approve", "rollback", "abort"]);

export interface Told {
  readonly story: Story;
  readonly news: News | null;
}

type Piece = Pick<News, "key" | "standing" | "sentence">;

export function tell(story: Story, event: Event, atMs: number): Told {
  if (event.kind === "Started") {
    const { user, host } = event.by;
    const told = telling.has(event.command);
    return quiet({ ...emptyStory, told, runId: event.rolloutId, by: `${user} on ${host}` });
  }
  if (!story.told || isOver(story, event)) return quiet(story);
  const own = story.own || event.kind === "Entered";
  const about = { ...story, own, rollout: subjectOf(event) ?? story.rollout };
  const piece = pieceOf(about, event);
  if (piece === null) return quiet(about);
  const { rollout, by, runId } = about;
  // Without a rollout each run that goes back is an incident of its own.
  const single = rollout === null && piece.standing === "rolledBack";
  const key = single ? `${piece.key} ${runId}` : piece.key;
  const news = { ...piece, key, rollout, own, by, atMs };
  return { story: { ...about, standing: piece.standing }, news };
}

/** What has ended isn't entered again. */
function isOver(story: Story, event: Event): boolean {
  return event.kind === "Entered" && hasEnded(story) && event.rollout.id === story.rollout?.id;
}

function quiet(story: Story): Told {
  return { story, news: null };
}

function subjectOf(event: Event): RolloutSummary | null {
  return "rollout" in event ? (event.rollout ?? null) : null;
}

function pieceOf(story: Story, event: Event): Piece | null {
  switch (event.kind) {
    case "Entered":
      return entered(event);
    case "Stepped": {
      const { weight, cohort, step, steps, sentence } = event;
      const share = weight > 0 ? `${weight} %` : (cohort ?? "");
      if (story.rollout === null || event.verdict === "fail") return null;
      const said = `step ${step} of ${steps} (${share}): ${sentence}`;
      return { key: `shift ${weight > 0 ? weight : share}`, standing: "running", sentence: said };
    }
    case "RolledBack": {
      if (story.standing === "rolledBack") return null;
      const sentence = `traffic is on ${event.to} again: ${event.reason}`;
      return { key: "rolledBack", standing: "rolledBack", sentence };
    }
    case "Aborted":
      if (hasEnded(story)) return null;
      return { key: "aborted", standing: "aborted", sentence: event.reason };
    case "Failed":
      return failed(story, event);
    case "Finished":
      if (story.standing !== "done") return null;
      return { key: "hold", standing: "done", sentence: event.sentence };
    default:
      return null;
  }
}

/** Of a bake that didn't pass the error tells that follows. */
function entered({ rollout: { phase }, baked }: Extract<Event, { kind: "Entered" }>): Piece | null {
  if (phase !== "hold") {
    const standing = phase === "gate" ? "waiting" : "running";
    return { key: phase, standing, sentence: phaseSentences[phase] };
  }
  if (baked !== null && baked !== "pass") return null;
  return { key: "hold", standing: "done", sentence: phaseSentences.hold };
}

function failed(
  story: Story,
  { code, message: sentence }: Extract<Event, { kind: "Failed" }>,
): Piece | null {
  const standing = standingOf(code);
  if (standing === null || standing === story.standing) return null;
  if (incidents.has(standing)) {
    // Outside of rollouts one may be stuck for several reasons.
    const key = standing === "stuck" && story.rollout === null ? `stuck ${code}` : standing;
    return { key, standing, sentence };
  }
  if (story.rollout === null || hasEnded(story)) return null;
  if (standing === "inconclusive") return { key: standing, standing, sentence };
  return { key: `stopped ${story.runId}`, standing, sentence };
}

function hasEnded({ standing }: Story): boolean {
  return standing === "aborted" || standing === "rolledBack";
}

const standings: Readonly<Record<ExitName, Standing | null>> = {
  rolledBack: "rolledBack",
  stuck: "stuck",
  inconclusive: "inconclusive",
  interrupted: "stopped",
  settings: "stopped",
  notSwitched: "stopped",
  bug: "stopped",
  // Whoever holds it tells of it.
  locked: null,
  // Told when it began to wait.
  waiting: null,
  done: null,
};

/** Null: it says nothing of the rollout. A code that isn't known is a bug's. */
function standingOf(code: string): Standing | null {
  if (code === "ROUTER_DOWN") return "routerDown";
  if (!Object.hasOwn(errorKinds, code)) return standings.bug;
  return standings[errorKinds[code as ErrorCode].exit];
}
