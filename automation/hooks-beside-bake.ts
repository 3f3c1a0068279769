/** Runs a stage's hooks; after the switch the color is judged meanwhile, and a no ends the other. */

import type { Baked } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import type { Ports } from "./ports.ts";
import type { RunHooks } from "./rollout/action.ts";
import { stopsHooks } from "./rollout/hooks-end.ts";
import type { HooksEnd } from "./rollout/hooks-end.ts";

export interface Ended {
  readonly end: HooksEnd;
  /** Null: it wasn't judged, or to no end. */
  readonly baked: Baked | null;
}

/**
 * Resolves once neither runs any more.
 * @throws what the bake throws, but for that of one which a refusal has ended
 */
export async function runHooks(
  ports: Pick<Ports, "hooks" | "bake" | "on">,
  view: Observed,
  due: RunHooks,
): Promise<Ended> {
  const { sinceMs } = due;
  if (sinceMs === undefined) return { end: await ports.hooks.run(view, due), baked: null };
  const { color } = due.subject;
  const [hooks, bake] = await besideEachOther(ports, view, { ...due, sinceMs });
  if (hooks.status === "rejected") throw hooks.reason;
  const end = hooks.value;
  if (end.kind === "refused") return { end, baked: null };
  if (bake.status === "rejected") throw bake.reason;
  const decided = end.kind === "done" || stopsHooks(bake.value);
  if (!decided) return { end, baked: null };
  ports.on({ kind: "Baked", color, ...bake.value });
  return { end, baked: bake.value };
}

function besideEachOther(
  { hooks, bake }: Pick<Ports, "hooks" | "bake">,
  view: Observed,
  due: RunHooks & { readonly sinceMs: number },
) {
  const hooksEnded = new AbortController();
  const stopHooks = new AbortController();
  const stopBake = new AbortController();
  const running = async (): Promise<HooksEnd> => {
    let goesOn = false;
    try {
      const end = await hooks.run(view, due, stopHooks.signal);
      goesOn = end.kind === "done";
      return end;
    } finally {
      hooksEnded.abort();
      if (!goesOn) stopBake.abort();
    }
  };
  const judging = async (): Promise<Baked> => {
    const beside = { ended: hooksEnded.signal, stop: stopBake.signal };
    let stops = true;
    try {
      const baked = await bake.judge(view, due.subject.color, due.sinceMs, beside);
      stops = stopsHooks(baked);
      return baked;
    } finally {
      if (stops) stopHooks.abort();
    }
  };
  return Promise.allSettled([running(), judging()]);
}
