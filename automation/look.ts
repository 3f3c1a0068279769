/** What a run sees before it decides, also where the engine can't be asked. */

import { BlueGreenError } from "../infra/errors.ts";
import type { Observed } from "../infra/observation.ts";
import type { Ports } from "./ports.ts";
import { isEnginesFault } from "./rollout/engines-fault.ts";
import type { Memory } from "./rollout/memory.ts";
import { misses } from "./rollout/memory.ts";

export interface Looked {
  readonly view: Observed;
  /** With what keeps the engine from being asked, where that ends a shift. */
  readonly memory: Memory;
}

/**
 * What the data plane tells of others makes old what this run knows of the record: who doesn't find
 * its own rollout any more looks afresh, and knows then that others have ended it.
 */
export async function look(ports: Ports, memory: Memory, fresh: boolean): Promise<Looked> {
  const looked = await lookOnce(ports, memory, fresh);
  return fresh || !misses(memory, looked.view.record) ? looked : lookOnce(ports, memory, true);
}

/**
 * What a run knows whose cleaning up was locked out: it may be others' own end of its rollout that
 * has the lock. Null where they haven't ended it.
 */
export async function endedMeanwhile(
  ports: Ports,
  memory: Memory,
  error: unknown,
): Promise<Memory | null> {
  const locked = error instanceof BlueGreenError && error.code === "STACK_LOCKED";
  if (!locked || memory.rolloutId === null || memory.endedBy !== null) return null;
  const after = (await look(ports, memory, true)).memory;
  return after.endedBy === "others" ? after : null;
}

/**
 * Once traffic has moved, the data plane and what this run knows are enough to go back, if the
 * engine can't be asked; and a switch whose bake nobody would judge is worse than an old record.
 */
async function lookOnce(
  { environment, on }: Ports,
  memory: Memory,
  fresh: boolean,
): Promise<Looked> {
  try {
    const hurried = memory.baked?.verdict === "fail";
    const view = await environment.observe({ fresh: fresh && memory.barred === null, hurried });
    const ended = fresh && misses(memory, view.record);
    return { view, memory: ended ? { ...memory, endedBy: "others" } : memory };
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
