/** The claim must outlast what is done under it, from the first hook to the switch. */

import { endingMs, longest } from "../attempt-times.ts";
import { formatDuration, second } from "../duration.ts";
import { burstMs } from "./burst.ts";
import type { Path } from "./path.ts";
import { longestStartMs } from "./platform-facts.ts";
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

/** Else the rollout could be taken over in the middle. */
export function claimCoversItsWork(settings: Settings): readonly Problem[] {
  const { claimMs, drainMs } = settings;
  // Each has a rule of its own, which says so.
  if (Math.max(drainMs, longestStartMs(settings)) >= claimMs) return [];
  const before = [...hookParts(settings), ...expandPart(settings), ...fillParts(settings)];
  const parts = [...before, ...testParts(settings)].filter(({ ms }) => ms > 0);
  const allMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (allMs < claimMs) return [];
  const told = parts.map(({ what, ms }) => `${what} ${formatDuration(ms)}`).join(", ");
  const problem = `ends before its work may be done, which can take ${formatDuration(allMs)} (${told})`;
  const fix = "write a longer claim, or shorter timeouts and fewer retries";
  const about = parts.flatMap(({ path }) => (path ? [path] : []));
  return [{ path: ["claim"], problem, fix, about }];
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

/** The color's last requests end, and it is filled. */
function fillParts(settings: Settings): readonly Part[] {
  return [
    { what: "drain", ms: settings.drainMs, path: ["drain"] },
    { what: "start", ms: longestStartMs(settings), path: null },
  ];
}

function testParts({ warmup, checks }: Settings): readonly Part[] {
  const times = checks.map(checkMs);
  const ms = Math.max(0, ...times);
  const index = times.indexOf(ms);
  const named = (checks[index]?.deadlineMs ?? 0) > 0;
  return [
    {
      what: "warm-up",
      ms: warmup.paths.length > 0 ? warmup.withinMs : 0,
      path: ["warmup", "within"],
    },
    { what: "checks", ms, path: named ? ["checks", index, "deadline"] : null },
  ];
}

/** Checks run at once, each until its deadline; without one as long as its attempts may take. */
function checkMs(check: Settings["checks"][number]): number {
  if (check.deadlineMs > 0) return check.deadlineMs;
  const retries = "retries" in check ? check.retries : 0;
  if (check.kind === "load") return longest(retries, burstMs(check) + second);
  return longest(retries, "timeoutMs" in check ? check.timeoutMs + endingMs : 0);
}
