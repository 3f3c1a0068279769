/** Puts the telling of others around a command's run; loads nothing where nobody is to be told. */

import { wordsFor } from "../../infra/environment-words.ts";
import type { Reporter } from "../event.ts";
import type { Session } from "../session.ts";
import type { Notifier } from "./notifier.ts";

export interface NotifiedRun {
  /** Passes each event on, after the notifier has had it. */
  readonly reporter: Reporter;
  /** From here on others are told, where the settings name any. */
  readonly begin: (session: Session, folder: string) => Promise<void>;
  /** Waits for what is still to be told, 5 seconds at most, and notes what couldn't be. */
  readonly end: () => Promise<void>;
}

export function notifiedRun(inner: Reporter, stack: string): NotifiedRun {
  let notifier: Notifier | null = null;
  return {
    reporter: {
      on(event) {
        notifier?.on(wordsFor(event, stack));
        inner.on(event);
      },
    },
    begin: async (session, folder) => {
      notifier ??= await opened(session, folder);
    },
    end: async () => {
      const ending = notifier;
      notifier = null;
      const sentence = (await ending?.end()) ?? null;
      if (sentence !== null) inner.on({ kind: "Noted", sentence });
    },
  };
}

async function opened(session: Session, folder: string): Promise<Notifier | null> {
  const { settings, application } = session;
  const { environment, notify: targets } = settings;
  if (targets.length === 0) return null;
  const { openNotifier } = await import("./notifier.ts");
  const { openTargets } = await import("./targets.ts");
  const place = { application, environment };
  return openNotifier({
    ...{ place, targets, folder, env: process.env },
    open: () => openTargets(session),
  });
}
