/** Tells others what a run's events mean for its rollout; never throws, never keeps a rollout waiting. */

import type { Clock } from "../../infra/clock.ts";
import { systemClock } from "../../infra/clock.ts";
import type { NotifyTarget } from "../../infra/config.ts";
import { messageOf } from "../../infra/errors.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import type { Reporter } from "../event.ts";
import { isEnginesFault } from "../rollout/engines-fault.ts";
import type { News } from "./news.ts";
import { Outbox } from "./outbox.ts";
import { NotTold } from "./reply.ts";
import { emptyStory, tell } from "./story.ts";
import type { Story } from "./story.ts";
import type { Remembered } from "./target.ts";
import { targetOf } from "./targets.ts";
import { ToldMemory } from "./told-memory.ts";
import type { Place } from "./wording.ts";

export interface NotifierOptions {
  readonly place: Place;
  /** As the settings file has them; secrets may be closed. */
  readonly targets: readonly NotifyTarget[];
  /** The same with their secrets in clear; asked for when there is something to tell. */
  readonly open: () => Promise<readonly NotifyTarget[]>;
  /** Folder of the event logs. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
}

export interface Notifier extends Reporter {
  /**
   * Waits for what is still to be told, 5 seconds at most.
   * @returns what couldn't be told, as a sentence; null: nothing
   */
  end(): Promise<string | null>;
}

const endMs = 5_000;

export function openNotifier(options: NotifierOptions): Notifier {
  const { targets, env, clock = systemClock } = options;
  const memory = new ToldMemory(options.folder);
  const forgotten = { problem: null as string | null };
  const opened = onceItSucceeds(options.open);
  const outboxes = targets.map((closed, index) => {
    const named = targetOf(closed, env);
    const send = async (news: News, signal: AbortSignal): Promise<void> => {
      const settings = await openedAt(opened, index);
      const target = targetOf(settings, env);
      const id = news.rollout?.id ?? null;
      const remember = async (value: Remembered): Promise<void> => {
        await memory.put(id, target.key, value).catch((error: unknown) => {
          forgotten.problem = messageOf(error);
        });
      };
      const remembered = memory.of(id, target.key);
      await target.tell(news, { place: options.place, remembered, remember, signal });
    };
    const { tellsAll } = named;
    return { named, outbox: new Outbox({ clock, tellsAll, send }) };
  });
  const forget = (): void => {
    try {
      memory.forgetOutside();
    } catch (error) {
      forgotten.problem = messageOf(error);
    }
  };
  let story: Story = emptyStory;
  return {
    on(event) {
      const { story: next, news } = tell(story, event, clock.now());
      story = next;
      if (next.told && event.kind === "Finished") forget();
      if (news === null) return;
      for (const { named, outbox } of outboxes) if (named.wants(news)) outbox.push(news);
    },
    end: async () => {
      const problems = await Promise.all(
        outboxes.map(async ({ named, outbox }) => {
          const problem = await outbox.end(endMs);
          return problem === null ? [] : [`${named.name}: ${problem}`];
        }),
      );
      return noteOf(problems.flat(), forgotten.problem);
    },
  };
}

async function openedAt(
  opened: () => Promise<readonly NotifyTarget[]>,
  index: number,
): Promise<NotifyTarget> {
  const unreadable = "its secret values can't be read here";
  try {
    const settings = (await opened())[index];
    if (settings !== undefined && !hasClosedSecret(settings)) return settings;
  } catch (error) {
    // A lock or a backend that is away may be back with the next attempt.
    const againMs = isEnginesFault(error) ? 0 : null;
    throw new NotTold(`${unreadable} (${messageOf(error)})`, againMs);
  }
  throw new NotTold(unreadable, null);
}

/** Opened when they are asked for first; again with the next piece while any of them is closed. */
function onceItSucceeds(
  open: () => Promise<readonly NotifyTarget[]>,
): () => Promise<readonly NotifyTarget[]> {
  let opening: Promise<readonly NotifyTarget[]> | null = null;
  return async () => {
    const mine = (opening ??= open());
    const forget = (): void => {
      if (opening === mine) opening = null;
    };
    try {
      const targets = await mine;
      if (targets.some(hasClosedSecret)) forget();
      return targets;
    } catch (error) {
      forget();
      throw error;
    }
  };
}

function noteOf(problems: readonly string[], forgotten: string | null): string | null {
  const untold = problems.length === 0 ? [] : [`not everybody was told: ${problems.join("; ")}`];
  const again =
    forgotten === null
      ? []
      : [`what was told isn't remembered, so a resume tells it again: ${forgotten}`];
  const all = [...untold, ...again];
  return all.length === 0 ? null : all.join("; ");
}
