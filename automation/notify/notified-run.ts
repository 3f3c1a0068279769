/** Puts the telling of others around a command's run; loads nothing where nobody is to be told. */

import type { Settings } from "../../infra/config.ts";
import { wordsFor } from "../../infra/environment-words.ts";
import type { Reporter } from "../event.ts";
import type { Session } from "../session.ts";
import type { Notifier } from "./notifier.ts";

export interface Beginning {
  readonly settings: Settings;
  readonly application: string;
  /** What secret values are opened with; null: they stay closed, and that is a note. */
  readonly session: Session | null;
  /** Folder of the event logs. */
  readonly folder: string;
}

export interface NotifiedRun {
  /** Passes each event on, after the notifier has had it. */
  readonly reporter: Reporter;
  /** From here on others are told, where the settings name any. */
  readonly begin: (beginning: Beginning) => Promise<void>;
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
    begin: async (beginning) => {
      notifier ??= await opened(beginning);
    },
    end: async () => {
      const ending = notifier;
      notifier = null;
      const sentence = (await ending?.end()) ?? null;
      if (sentence !== null) inner.on({ kind: "Noted", sentence });
    },
  };
}

async function opened(beginning: Beginning): Promise<Notifier | null> {
  const { settings, application, session, folder } = beginning;
  const { environment, notify: targets } = settings;
  if (targets.length === 0) return null;
  const { openNotifier } = await import("./notifier.ts");
  const { openSecrets } = await import("../release.ts");
  const place = { application, environment };
  return openNotifier({
    ...{ place, targets, folder, env: process.env },
    open: () => (session ? openSecrets(session, "notify") : Promise.resolve(targets)),
  });
}
