/** The stages of a rollout at which a user's hooks run. */

/** Where a user's hooks run, in the order of a deploy; ECS's names where it has them. */
export const hookStages = [
  "PRE_SCALE_UP",
  "POST_SCALE_UP",
  "POST_TEST_TRAFFIC_SHIFT",
  "PRE_PRODUCTION_TRAFFIC_SHIFT",
  "POST_PRODUCTION_TRAFFIC_SHIFT",
  "POST_BAKE",
  "PRE_CLEAN_UP",
  "POST_CLEAN_UP",
] as const;

export type HookStage = (typeof hookStages)[number];
