/** After a switch the settings file says what the router does, so that no stale value undoes it. */

import { basename } from "node:path";
import { messageOf } from "../../infra/errors.ts";
import type { Color, RouterRecord } from "../../infra/model.ts";
import { declaredColor, isCopy } from "../../infra/rules/intent.ts";
import type { Declared } from "../../infra/rules/intent.ts";
import type { Request } from "../../infra/rules/request.ts";
import { writeSettingsFile } from "../adapters/settings-file.ts";
import type { Event } from "../event.ts";
import type { Environment } from "../ports.ts";
import type { Session } from "../session.ts";

export interface Traffic {
  readonly activeColor: Color;
  readonly generation: number;
}

/** Requests that move traffic. */
export const moving: ReadonlySet<Request["kind"]> = new Set(["Switch", "Shift", "RollBack"]);

/** An environment that remembers whether a run has moved traffic in it. */
export interface TrafficWatch {
  readonly environment: Environment;
  moved(after: RouterRecord): boolean;
}

export function watchTraffic(watched: Environment): TrafficWatch {
  let before: RouterRecord | null = null;
  let asked = false;
  return {
    environment: {
      observe: async (options) => {
        const view = await watched.observe(options);
        before ??= view.record;
        return view;
      },
      read: () => watched.read(),
      updateRouter: (request) => {
        asked ||= moving.has(request.kind);
        return watched.updateRouter(request);
      },
      updateColor: (color, request) => watched.updateColor(color, request),
      emptyColor: (color) => watched.emptyColor(color),
    },
    moved: ({ generation }) => asked && before !== null && generation > before.generation,
  };
}

/**
 * True where the file still says what it said before the last switch, whose write-back was cut short
 * or not wanted. A file of the present generation says something else because somebody wishes that.
 */
export function isLeftBehind(file: Declared, record: RouterRecord): boolean {
  const { activeColor, generation, declared } = record;
  if (file.generation !== null && file.generation >= generation) return false;
  const color = declaredColor(file);
  return color === activeColor || color === declared || isCopy(file, record);
}

/**
 * Writes what the record says, where this run moved traffic or a former one that did couldn't
 * write; what can't be read or written is only reported.
 */
export async function writeBack(
  session: Pick<Session, "settings" | "settingsFile" | "on"> & {
    readonly environment: Pick<Environment, "observe">;
  },
  watch: TrafficWatch,
): Promise<void> {
  const { settings, settingsFile, environment, on } = session;
  try {
    const { record } = await environment.observe({ fresh: false });
    const { activeColor, generation } = record;
    if (activeColor === null) return;
    if (!watch.moved(record) && !isLeftBehind(settings, record)) return;
    writeTraffic(settingsFile, { activeColor, generation }, on);
  } catch (error) {
    on({ kind: "Noted", sentence: `the settings file wasn't updated: ${messageOf(error)}` });
  }
}

/** Changes two values and keeps everything else; what can't be written is only reported. */
export function writeTraffic(
  settingsFile: string,
  { activeColor, generation }: Traffic,
  on: (event: Event) => void,
): void {
  try {
    if (!writeSettingsFile(settingsFile, { activeColor, generation })) return;
    const sentence = `${basename(settingsFile)} now says ${activeColor}, generation ${generation}`;
    on({ kind: "Noted", sentence });
  } catch (error) {
    on({ kind: "Noted", sentence: `the settings file wasn't updated: ${messageOf(error)}` });
  }
}
