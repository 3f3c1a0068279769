/** The settings of an environment: read, given their defaults and judged, all problems at once. */

import { parseAround } from "./config/around.ts";
import { namedCheck } from "./config/checks.ts";
import { problemsOf } from "./config/issues.ts";
import { readyMetric } from "./config/metrics.ts";
import { overlaps } from "./config/path.ts";
import { settingsError } from "./config/problems.ts";
import type { Problem } from "./config/problems.ts";
import { brokenRules } from "./config/rules.ts";
import { settle } from "./config/settled.ts";
import type { Settings, SettledShape } from "./config/settings.ts";
import { readSettingsYaml } from "./config/settings-yaml.ts";
import { shape } from "./config/shape.ts";
import { readRaw } from "./config/source.ts";
import type { Source } from "./config/source.ts";

export type { Check, CheckKind, CheckOf } from "./config/checks.ts";
export type { Hook } from "./config/hooks.ts";
export type { Metric, MetricKind, MetricOf } from "./config/metrics.ts";
export { placeToldBy } from "./config/notify.ts";
export type { NotifyTarget, NotifyTargetOf } from "./config/notify.ts";
export { namespace } from "./config/path.ts";
export { projectConfigSchema, settingsMarkdown } from "./config/reference.ts";
export { opaqueSecret } from "./config/opaque-secret.ts";
export type { GivenColor, Settings } from "./config/settings.ts";
export { platformNames } from "./config/shape.ts";
export type { PlatformName } from "./config/shape.ts";
export type { LocalSettings } from "./platforms/local/settings.ts";

export interface ParseOptions {
  /** Keys whose values are never printed; with or without the namespace. */
  readonly secretKeys?: readonly string[];
  /** Name of the file for messages; default "the settings". */
  readonly file?: string;
}

/**
 * Reads the values that the engine hands a program: text by key, JSON for maps and lists, with or
 * without the namespace. Keys of other namespaces are left out; empty text is absent.
 *
 * @throws BlueGreenError SETTINGS_INVALID with one detail line per problem.
 */
export function parseSettings(
  raw: Readonly<Record<string, string>>,
  { secretKeys = [], file = "the settings" }: ParseOptions = {},
): Settings {
  return judge(readRaw({ raw, secretKeys, file }));
}

/**
 * Reads the text of a `Pulumi.<env>.yaml`. Encrypted values stay closed: they are `opaqueSecret`
 * in the result, and allowed only in `env`, `headers` and `secrets` maps.
 *
 * @throws BlueGreenError SETTINGS_UNREADABLE with line and column, or SETTINGS_INVALID.
 */
export function parseSettingsFile(text: string, path: string): Settings {
  return judge(readSettingsYaml(text, path));
}

function judge(source: Source): Settings {
  const found = shapeProblems(source);
  const { parsed, leftOut } = parseAround(
    source.values,
    found.map(({ path }) => path),
  );
  const settings = complete(settle(parsed));
  const wrong = [...leftOut, ...found.map(({ path }) => path)];
  const problems = [...found, ...brokenRules(settings, { wrong, file: source.file })];
  if (problems.length > 0) throw settingsError(problems, source);
  return settings;
}

/** Problems from reading come first; what they are about isn't judged again. */
function shapeProblems({ values, problems }: Source): readonly Problem[] {
  const result = shape.safeParse(values);
  if (result.success) return problems;
  const found = result.error.issues.flatMap((issue) => problemsOf(issue, values));
  const fresh = found.filter(({ path }) => !problems.some((known) => overlaps(known.path, path)));
  return [...problems, ...fresh];
}

/** Fills in what is derived from other settings. */
function complete(settled: SettledShape): Settings {
  const { probe, bake, checks, metrics, health } = settled;
  const path = probe.path ?? health.path;
  const { enabled, paths, ratePerSecond } = bake.synthetic;
  const synthetic = {
    enabled,
    paths: paths.length === 0 ? [path] : paths,
    ratePerSecond: ratePerSecond ?? probe.ratePerSecond,
  };
  return {
    ...settled,
    probe: { ...probe, path },
    bake: { ...bake, synthetic },
    checks: checks.map(namedCheck),
    metrics: metrics.map(readyMetric),
  };
}
