/** After a switch the settings file says what the router does, so that no stale value undoes it. */

import { basename } from "node:path";
import { messageOf } from "../infra/errors.ts";
import { writeSettingsFile } from "./adapters/settings-file.ts";
import type { Session } from "./session.ts";

/** Changes two values and keeps everything else; what can't be written is only reported. */
export async function writeBack(session: Session): Promise<void> {
  const { settingsFile, environment, on } = session;
  const { record } = await environment.observe({ fresh: false });
  if (record.activeColor === null) return;
  const { activeColor, generation } = record;
  try {
    if (!writeSettingsFile(settingsFile, { activeColor, generation })) return;
    const sentence = `${basename(settingsFile)} now says ${activeColor}, generation ${generation}`;
    on({ kind: "Noted", sentence });
  } catch (error) {
    on({ kind: "Noted", sentence: `the settings file wasn't updated: ${messageOf(error)}` });
  }
}
