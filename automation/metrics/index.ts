/** The registry of metric sources: a new kind is one file, and one line here. */

import type { Metric } from "../../infra/config.ts";
import { messageOf } from "../../infra/errors.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import { quoted } from "../report/safe-text.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import { readCommand } from "./command.ts";
import type { Surroundings } from "./command.ts";
import { readJson } from "./json.ts";
import { readPrometheus } from "./prometheus.ts";
import type { MetricSource, Subject } from "./source.ts";

function read(
  metric: Metric,
  { subject, surroundings }: { subject: Subject; surroundings: Surroundings },
  signal: AbortSignal,
): Promise<MetricReading> {
  switch (metric.kind) {
    case "prometheus":
      return readPrometheus(metric, subject, signal);
    case "json":
      return readJson(metric, subject, signal);
    case "command":
      return readCommand(metric, { subject, surroundings }, signal);
  }
}

/** The sources of metrics whose secrets are in clear. */
export function sourcesOf(
  metrics: readonly Metric[],
  surroundings: Surroundings,
): readonly MetricSource[] {
  return metrics.map((metric) => ({
    name: metric.name,
    intervalMs: metric.intervalMs,
    perColor: /\{(color|version)\}/.test(JSON.stringify(metric)),
    ask: async (subject, signal) => {
      if (hasClosedSecret(metric)) return { error: "its secret values can't be read here" };
      try {
        return await read(metric, { subject, surroundings }, signal);
      } catch (error) {
        return { error: `the source itself failed: ${quoted(messageOf(error))}` };
      }
    },
  }));
}
