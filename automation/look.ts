/** What a run sees before it decides, also where the engine can't be asked. */

import type { Observed } from "../infra/observation.ts";
import type { Ports } from "./ports.ts";
import { isEnginesFault } from "./rollout/engines-fault.ts";
import type { Memory } from "./rollout/memory.ts";

export interface Looked {
  readonly view: Observed;
  /** With what keeps the engine from being asked, where that ends a shift. */
  readonly memory: Memory;
}

/**
 * Once traffic has moved, the data plane and what this run knows are enough to go back, if the
 * engine can't be asked; and a switch whose bake nobody would judge is worse than an old record.
 */
export async function look(
  { environment, on }: Ports,
  memory: Memory,
  fresh: boolean,
): Promise<Looked> {
  try {
    const view = await environment.observe({ fresh: fresh && memory.barred === null });
    return { view, memory };
  } catch (error) {
    const back = memory.barred !== null || memory.baked?.verdict === "fail";
    const tried = memory.rolloutId !== null || back;
    if (!tried || !isEnginesFault(error)) throw error;
    const view = await environment.observe({ fresh: false });
    const { rollout } = view.record;
    const phase = rollout !== null && rollout.id === memory.rolloutId ? rollout.phase : null;
    if (!back && memory.failure === null && phase !== "shift" && phase !== "bake") throw error;
    on({ kind: "Noted", sentence: `the record can't be read again: ${error.message}` });
    const ends = !back && phase === "shift";
    const failure = memory.failure ?? (ends ? { error, blamed: null } : null);
    return { view, memory: { ...memory, failure } };
  }
}
