/** After a switch the settings file says what the router does, so that no stale value undoes it. */

import { basename } from "node:path";
import { messageOf } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { writeSettingsFile } from "../adapters/settings-file.ts";
import type { Event } from "../event.ts";
import type { Session } from "../session.ts";

export interface Traffic {
  readonly activeColor: Color;
  readonly generation: number;
}

/** Writes what the record says; what can't be read or written is only reported. */
export async function writeBack(session: Session): Promise<void> {
  const { settingsFile, environment, on } = session;
  try {
    const { activeColor, generation } = (await environment.observe({ fresh: false })).record;
    if (activeColor !== null) writeTraffic(settingsFile, { activeColor, generation }, on);
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
