/** The claim must outlast what is done under it, from the first hook to the switch. */

import { endingMs, longest } from "../attempt-times.ts";
import { formatDuration, second } from "../duration.ts";
import { burstMs } from "./burst.ts";
import type { Path } from "./path.ts";
import { platformFacts } from "./platform-facts.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

/** Stages under a claim that isn't made longer while they run. */
const underClaim: readonly string[] = [
  "PRE_SCALE_UP",
  "POST_SCALE_UP",
  "POST_TEST_TRAFFIC_SHIFT",
  "PRE_PRODUCTION_TRAFFIC_SHIFT",
];

interface Part {
  readonly what: string;
  readonly ms: number;
  readonly path: Path | null;
}

/**
 * Else the rollout could be taken over in the middle. Without hooks and expand it is enough that
 * the claim outlasts the start, which other rules see to.
 */
export function claimCoversItsWork(settings: Settings): readonly Problem[] {
  const { claimMs } = settings;
  const own = [...hookParts(settings), ...expandPart(settings)];
  if (own.length === 0) return [];
  const parts = [...own, ...otherParts(settings)].filter(({ ms }) => ms > 0);
  const allMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (allMs < claimMs) return [];
  const told = parts.map(({ what, ms }) => `${what} ${formatDuration(ms)}`).join(", ");
  const problem = `ends before its work may be done, which can take ${formatDuration(allMs)} (${told})`;
  const fix = "write a longer claim, or shorter timeouts and fewer retries";
  return [
    { path: ["claim"], problem, fix, about: own.flatMap(({ path }) => (path ? [path] : [])) },
  ];
}

/** All hooks before the switch as one part, which names the longest of them. */
function hookParts({ hooks }: Settings): readonly Part[] {
  const times = hooks.map(({ stage, timeoutMs, retries }) =>
    underClaim.includes(stage) ? longest(retries, timeoutMs + endingMs) : 0,
  );
  const ms = times.reduce((sum, each) => sum + each, 0);
  if (ms === 0) return [];
  const index = times.indexOf(Math.max(...times));
  return [{ what: "hooks", ms, path: ["hooks", index, "timeout"] }];
}

function expandPart({ migrations: { expand } }: Settings): readonly Part[] {
  if (!expand) return [];
  const path = ["migrations", "expand", "timeout"];
  return [{ what: "expand", ms: expand.timeoutMs + endingMs, path }];
}

/** What comes between: the color's last requests end, it is filled, warmed up and checked. */
function otherParts(settings: Settings): readonly Part[] {
  const { drainMs, color, platform, warmup, checks } = settings;
  const startMs = color.file === null ? platformFacts[platform](settings).startMs : color.startMs;
  return [
    { what: "drain", ms: drainMs, path: null },
    { what: "start", ms: startMs, path: null },
    { what: "warm-up", ms: warmup.paths.length > 0 ? warmup.withinMs : 0, path: null },
    { what: "checks", ms: Math.max(0, ...checks.map(checkMs)), path: null },
  ];
}

/** Checks run at once, each until its deadline; without one as long as its attempts may take. */
function checkMs(check: Settings["checks"][number]): number {
  if (check.deadlineMs > 0) return check.deadlineMs;
  const retries = "retries" in check ? check.retries : 0;
  if (check.kind === "load") return longest(retries, burstMs(check) + second);
  return longest(retries, "timeoutMs" in check ? check.timeoutMs + endingMs : 0);
}
