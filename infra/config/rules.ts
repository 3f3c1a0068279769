/** The rules between settings: each looks at a few of them and returns its problems. */

import { basename } from "node:path";

import { formatDuration } from "../duration.ts";
import { colors } from "../model.ts";
import type { Settings } from "./settings.ts";
import { canonicalAddress, hostAndPort } from "./address.ts";
import { checkedMetricsCanBeRead, checkedMetricsExist } from "./check-list-rules.ts";
import { claimCoversItsWork } from "./claim-rules.ts";
import { colorRules } from "./color-rules.ts";
import { holdRules } from "./hold-rules.ts";
import {
  metricNamesDiffer,
  silenceOutlastsReadings,
  valuesFitIntoTheBake,
} from "./metric-list-rules.ts";
import { migrationRules } from "./migration-rules.ts";
import { placesDiffer } from "./notify-list-rules.ts";
import { overlaps } from "./path.ts";
import type { Path } from "./path.ts";
import { platformFacts, platformPaths } from "./platform-facts.ts";
import type { Problem } from "./problems.ts";
import { platformNames } from "./shape.ts";
import { shiftRules } from "./shift-rules.ts";
import type { PlatformName } from "./shape.ts";

/** What a rule finds: a problem, whose `about` defaults to all that the rule reads. */
type Rule = (settings: Settings, file: string) => readonly Problem[];

/** Each rule with the settings that it reads. */
const rules: readonly { readonly rule: Rule; readonly reads: readonly Path[] }[] = [
  { rule: environmentIsTheFiles, reads: [["environment"]] },
  {
    rule: bakeIsJudged,
    reads: [
      ["bake", "interval"],
      ["bake", "duration"],
    ],
  },
  {
    rule: detectionIsAboveTheBudget,
    reads: [
      ["bake", "detect"],
      ["bake", "errorBudget"],
    ],
  },
  { rule: windowCoversTheBake, reads: [["rollbackWindow"], ["bake", "duration"]] },
  {
    rule: windowCoversTheDrain,
    reads: [["rollbackWindow"], ["drain"], ["bake", "duration"]],
  },
  { rule: drainEndsWithinTheClaim, reads: [["drain"], ["claim"]] },
  { rule: probesFitIntoTheSwitch, reads: [["switchWithin"], ["probe"]] },
  {
    rule: probesOutlastThePause,
    reads: [
      ["local", "pause"],
      ["probe", "timeout"],
    ],
  },
  { rule: givenColorsDiffer, reads: [["given"]] },
  {
    rule: claimCoversItsWork,
    reads: ["claim", "hooks", "migrations", "warmup", "checks", "drain", "color"].map((key) => [
      key,
    ]),
  },
  { rule: checkNamesDiffer, reads: [["checks"]] },
  { rule: checkedMetricsExist, reads: [["checks"], ["metrics"]] },
  { rule: checkedMetricsCanBeRead, reads: [["checks"], ["metrics"]] },
  { rule: metricNamesDiffer, reads: [["metrics"]] },
  { rule: silenceOutlastsReadings, reads: [["metrics"]] },
  { rule: placesDiffer, reads: [["notify"]] },
  { rule: valuesFitIntoTheBake, reads: [["metrics"], ["bake"]] },
  ...colorRules,
  ...holdRules,
  ...migrationRules,
  ...shiftRules,
  ...platformNames.flatMap(rulesOf),
];

/** Rules about what each platform has in a place of its own; they hold for the chosen one. */
function rulesOf(platform: PlatformName): typeof rules {
  const { start, command, listen } = platformPaths[platform];
  const made = [
    { judge: claimOutlivesTheStart, reads: [["claim"], ...start] },
    { judge: commandIsThere, reads: [["given"], ["color"], ...command] },
    { judge: givenColorsAreNotTheRouter, reads: [["given"], ...listen] },
  ];
  return made.map(({ judge, reads }) => ({
    rule: (settings) => (settings.platform === platform ? judge(settings) : []),
    reads: [["platform"], ...reads],
  }));
}

/** The problems of all rules, but for those that read something that is wrong in itself. */
export function brokenRules(
  settings: Settings,
  { wrong, file }: { wrong: readonly Path[]; file: string },
): readonly Problem[] {
  const usable = rules.filter(
    ({ reads }) => !reads.some((read) => wrong.some((path) => overlaps(read, path))),
  );
  return usable.flatMap(({ rule }) => rule(settings, file));
}

function environmentIsTheFiles({ environment }: Settings, file: string): readonly Problem[] {
  const named = /^Pulumi\.(.+)\.ya?ml$/.exec(basename(file))?.[1];
  if (named === undefined || named === environment) return [];
  const problem = `isn't the environment of ${basename(file)}`;
  return [{ path: ["environment"], problem, fix: `write ${named}, or rename the file` }];
}

function bakeIsJudged({ bake }: Settings): readonly Problem[] {
  if (bake.durationMs === 0 || bake.intervalMs <= bake.durationMs) return [];
  const about: Path[] = [["bake", "duration"]];
  const problem = "is longer than the whole bake, which would never be judged";
  const fix = "write at most the bake's duration, or bake longer";
  return [{ path: ["bake", "interval"], problem, fix, about }];
}

function detectionIsAboveTheBudget({ bake }: Settings): readonly Problem[] {
  if (bake.detect > bake.errorBudget) return [];
  const about: Path[] = [["bake", "errorBudget"]];
  const problem = "isn't above the error rate that is normal";
  const fix = "write a higher rate, or a smaller error budget";
  return [{ path: ["bake", "detect"], problem, fix, about }];
}

function windowCoversTheBake({ rollbackWindowMs, bake }: Settings): readonly Problem[] {
  if (rollbackWindowMs >= bake.durationMs) return [];
  const about: Path[] = [["bake", "duration"]];
  const problem = "ends before the bake does, when there would be nothing to return to";
  const fix = "write at least the bake's duration";
  return [{ path: ["rollbackWindow"], problem, fix, about }];
}

/** It begins after the bake; `0s` is a window that nobody wants, and `retire` waits for the drain. */
function windowCoversTheDrain({ rollbackWindowMs, drainMs, bake }: Settings): readonly Problem[] {
  const endsMs = bake.durationMs + rollbackWindowMs;
  if (rollbackWindowMs === 0 || drainMs <= endsMs) return [];
  const about: Path[] = [["drain"], ["bake", "duration"]];
  const problem = `ends ${formatDuration(endsMs)} after the switch, when long connections may still be on the former color`;
  const least = formatDuration(drainMs - bake.durationMs);
  const fix = `write at least ${least}, or a shorter drain`;
  return [{ path: ["rollbackWindow"], problem, fix, about }];
}

function claimOutlivesTheStart(settings: Settings): readonly Problem[] {
  const { claimMs, platform } = settings;
  if (claimMs > platformFacts[platform](settings).startMs) return [];
  const about = platformPaths[platform].start;
  const problem = "ends before an instance may have started";
  return [{ path: ["claim"], problem, fix: "write more than the time to start", about }];
}

function drainEndsWithinTheClaim({ drainMs, claimMs }: Settings): readonly Problem[] {
  if (drainMs < claimMs) return [];
  const about: Path[] = [["claim"]];
  const problem = "isn't shorter than the claim under which a color is emptied";
  return [{ path: ["drain"], problem, fix: "write less than the claim's time", about }];
}

function probesFitIntoTheSwitch({ probe, switchWithinMs }: Settings): readonly Problem[] {
  if ((probe.count * 1_000) / probe.ratePerSecond < switchWithinMs) return [];
  const about: Path[] = [
    ["probe", "count"],
    ["probe", "ratePerSecond"],
  ];
  const problem = "is over before that many probes were sent";
  return [{ path: ["switchWithin"], problem, fix: "allow more time, or fewer probes", about }];
}

/** Else the probes of a switch that only waits would be counted as failed. */
function probesOutlastThePause({ probe, local }: Settings): readonly Problem[] {
  if (local.pauseMs < probe.timeoutMs) return [];
  const about: Path[] = [["probe", "timeout"]];
  const problem = "is as long as a probe waits, or longer, so the probes would fail";
  const fix = "write less than the probe's timeout, or a longer timeout";
  return [{ path: ["local", "pause"], problem, fix, about }];
}

function commandIsThere(settings: Settings): readonly Problem[] {
  const { platform, given, color: own } = settings;
  const isNeeded = own.file === null && colors.some((color) => given[color] === null);
  if (!isNeeded || platformFacts[platform](settings).hasCommand) return [];
  const problem = "is missing: it starts one instance of the application";
  const fix =
    'write the words of the command, such as ["node", "server.ts"]; {port} and {version} are ' +
    "filled in. Or give both colors by their addresses under bluegreen:given, or name a component " +
    "of your own in bluegreen:color";
  return platformPaths[platform].command.map((path) => ({ path, problem, fix }));
}

function givenColorsDiffer({ given }: Settings): readonly Problem[] {
  const blue = new Set(given.blue?.addresses.map(canonicalAddress));
  return givenAddresses(given).flatMap(({ path, address }) => {
    if (path[1] !== "green" || !blue.has(address)) return [];
    const problem = "is an address of blue as well, so a switch would change nothing";
    return [{ path, problem, fix: "write the addresses of green's own instances" }];
  });
}

function givenColorsAreNotTheRouter(settings: Settings): readonly Problem[] {
  const { platform } = settings;
  const { host, port } = platformFacts[platform](settings);
  const router = canonicalAddress(hostAndPort(host, port));
  return givenAddresses(settings.given).flatMap(({ path, address }) => {
    if (address !== router) return [];
    const problem = "is the router's own address, so requests would go round in a circle";
    const fix = "write the address of an instance";
    return [{ path, problem, fix, about: platformPaths[platform].listen }];
  });
}

function givenAddresses(
  given: Settings["given"],
): readonly { readonly path: Path; readonly address: string }[] {
  return colors.flatMap((color) =>
    (given[color]?.addresses ?? []).map((address, index) => ({
      path: ["given", color, "addresses", index],
      address: canonicalAddress(address),
    })),
  );
}

function checkNamesDiffer({ checks }: Settings): readonly Problem[] {
  const seen = new Set<string>();
  return checks.flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const problem = "has the name of another check";
    return [{ path: ["checks", index, "name"], problem, fix: "give each check its own name" }];
  });
}
