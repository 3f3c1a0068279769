/** What follows from how a stage's hooks ended. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { HookStage } from "../../infra/hook-stages.ts";
import type { Baked } from "../../infra/model.ts";
import type { HookSubject, RunHooks } from "./action.ts";
import type { Memory } from "./memory.ts";

export type HooksEnd =
  | { readonly kind: "done" }
  /** One refused, and the rollout is to stop for it. */
  | {
      readonly kind: "refused";
      readonly sentence: string;
    }
  /** A person asked to stop before all had ended. */
  | { readonly kind: "interrupted" }
  /** The rollout was ended meanwhile, as the record says. */
  | { readonly kind: "ended" };

/** What a run knows then: a refusal is a failure, or the end of a bake, by where traffic is. */
export function afterHooks(memory: Memory, { stage, subject }: RunHooks, end: HooksEnd): Memory {
  if (end.kind === "interrupted" || end.kind === "ended") return memory;
  const after = { ...memory, hooksDone: [...memory.hooksDone, stage] };
  if (end.kind === "done" || stage === "POST_CLEAN_UP") return after;
  const { sentence } = end;
  if (stage === "POST_PRODUCTION_TRAFFIC_SHIFT" || stage === "POST_BAKE") {
    return { ...after, baked: { verdict: "fail", sentence } };
  }
  const hint = hintOf(stage, subject);
  const error = new BlueGreenError("HOOK_REFUSED", sentence, { hint });
  return { ...memory, failure: { error, blamed: null } };
}

/** Whether a bake's verdict stops the hooks that run beside it: traffic doesn't wait for them. */
export function stopsHooks({ verdict }: Baked): boolean {
  return verdict === "fail";
}

/**
 * The same where the bake was judged meanwhile.
 * @param baked its verdict; null: a refusal or a person has ended it before
 */
export function afterWatchedHooks(
  memory: Memory,
  due: RunHooks,
  { end, baked }: { readonly end: HooksEnd; readonly baked: Baked | null },
): Memory {
  const after = afterHooks(memory, due, end);
  return baked === null ? after : { ...after, baked };
}

function hintOf(stage: HookStage, { color }: HookSubject): string {
  if (stage === "PRE_CLEAN_UP") return `${color} stays; run \`bluegreen retire\` again later`;
  const next = "mend what the hook found, then run the same command";
  if (stage === "PRE_SCALE_UP") return `nothing of the idle color was touched; ${next}`;
  const look = `${color} stays for a look: \`bluegreen logs ${color}\``;
  return `the active color is untouched, ${look}; ${next}`;
}
