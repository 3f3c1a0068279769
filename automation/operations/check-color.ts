/** All checks of a color at once, its health among them, and the one verdict over them. */

import type { Settings } from "../../infra/config.ts";
import type { Color, Verdict } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Platform } from "../../infra/platform.ts";
import { healthOf } from "../../infra/rules/health.ts";
import { head } from "../report/safe-text.ts";
import { verdictOf } from "../checks/finding.ts";
import type { Outcome } from "../checks/finding.ts";
import { runChecks } from "../checks/runner.ts";
import { sourcesOf } from "../metrics/index.ts";
import { openSecrets } from "../release.ts";
import type { Revealing } from "../release.ts";
import { readCapacity } from "./capacity.ts";

/** Characters of all problems with a color's instances that are shown. */
const maxEvidence = 4_000;

export interface CheckedColor {
  readonly color: Color;
  readonly verdict: Verdict;
  readonly findings: readonly NamedOutcome[];
}

export interface NamedOutcome extends Outcome {
  readonly name: string;
}

/** Whose checks they are, and where its commands run. */
export interface Checked {
  readonly settings: Settings;
  readonly platform: Platform;
  readonly cwd: string;
  /** Ends the checks; those that didn't pass by then are inconclusive. */
  readonly signal: AbortSignal;
}

/**
 * Settings whose checks have their secrets in clear, and so have the metrics that they read.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function openForChecks(session: Revealing): Promise<Settings> {
  const checks = await openSecrets(session, "checks");
  const settings = { ...session.settings, checks };
  if (!checks.some(({ kind }) => kind === "metric")) return settings;
  return { ...settings, metrics: await openSecrets(session, "metrics") };
}

/** Never rejects for what a check finds; an empty color fails. */
export async function examineColor(
  { settings, platform, cwd, signal }: Checked,
  view: Observed,
  color: Color,
): Promise<CheckedColor> {
  const outputs = view.colors[color];
  const around = { cwd, env: process.env, url: view.reading.url ?? platform.url(settings) };
  const subject = {
    ...around,
    color,
    version: outputs?.release.version ?? "",
    addresses: outputs?.addresses ?? [],
    preview: view.reading.attached[color].length > 0,
    metrics: sourcesOf(settings.metrics, around),
    capacity: () => readCapacity({ settings, platform }, view, color),
  };
  const findings = await runChecks(settings.checks, subject, { signal });
  const reached = findings.some(({ kind, verdict }) => kind !== "metric" && verdict === "pass");
  const all = [healthFinding(view, color, reached), ...findings];
  return { color, verdict: verdictOf(all, settings.checks.length + 1), findings: all };
}

/** Out of reach from here says nothing: then another check must have reached the color. */
function healthFinding({ reading }: Observed, color: Color, reached: boolean): NamedOutcome {
  const target = reading.targets[color];
  const { ready, total, problems } = target;
  const health = healthOf(target);
  const evidence = head(problems.join("\n"), maxEvidence);
  if (health !== "unknown") {
    const verdict = health === "healthy" ? "pass" : "fail";
    return {
      name: "health",
      verdict,
      sentence: `${ready} of ${total} instances are ready`,
      evidence,
    };
  }
  const away = `none of the ${total} instances can be reached from here`;
  if (reached)
    return { name: "health", verdict: "pass", sentence: `${away}; other checks tell`, evidence };
  const sentence = `${away}, and no other check has reached ${color}: add one, such as \`http\``;
  return { name: "health", verdict: "inconclusive", sentence, evidence };
}
