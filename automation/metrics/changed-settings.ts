/** Reads `--set bake.alpha=0.001` and its like, and puts them into what a bake was judged by. */

import type { z } from "zod";
import { judgingSchema } from "../../infra/config/metrics.ts";
import { settle } from "../../infra/config/settled.ts";
import { bakeSchema } from "../../infra/config/shape.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Grounds } from "../rollout/metrics.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * The grounds with each change in its place: `bake.KEY=VALUE`, `bake.latency.KEY=VALUE` or
 * `metrics.NAME.KEY=VALUE`, written as in the settings.
 * @throws USAGE
 */
export function withChanges(grounds: Grounds, changes: readonly string[]): Grounds {
  return changes.reduce(withChange, grounds);
}

function withChange(grounds: Grounds, change: string): Grounds {
  const [, key = "", text = ""] =
    /^([^=]+)=(.*)$/s.exec(change) ?? refused(change, "isn't KEY=VALUE");
  const [root = "", ...path] = key.split(".");
  if (root === "bake") {
    const values = parsed(bakeSchema, { path, text, change });
    return { ...grounds, bake: placed(grounds.bake, path, { values, change }) };
  }
  const field = path.at(-1) ?? "";
  const name = path.slice(0, -1).join(".");
  if (root !== "metrics" || !grounds.metrics.some((metric) => metric.name === name)) {
    const known = grounds.metrics.map((metric) => `metrics.${metric.name}.KEY`);
    refused(change, `names none of ${["bake.KEY", "bake.latency.KEY", ...known].join(", ")}`);
  }
  const values = parsed(judgingSchema, { path: [field], text, change });
  const metrics = grounds.metrics.map((metric) =>
    metric.name === name ? placed(metric, [field], { values, change }) : metric,
  );
  return { ...grounds, metrics };
}

interface Asked {
  readonly path: readonly string[];
  readonly text: string;
  readonly change: string;
}

/** All of the schema's values, settled: that one as it was written, the others by default. */
function parsed(schema: z.ZodType, { path, text, change }: Asked): Values {
  const raw = path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), valueOf(text));
  const result = schema.safeParse(raw);
  if (result.success) return settle(result.data) as Values;
  return refused(change, `can't be: ${result.error.issues[0]?.message ?? "not a setting"}`);
}

function valueOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Takes the value at the path over; only what the grounds hold has an effect. */
function placed<T extends object>(
  target: T,
  path: readonly string[],
  { values, change }: { readonly values: Values; readonly change: string },
): T {
  const [part = "", ...rest] = path;
  const key = [part, `${part}Ms`].find((each) => Object.hasOwn(target, each)) ?? "";
  if (!Object.hasOwn(values, key)) return refused(change, "has no effect on a replay");
  if (rest.length === 0) return { ...target, [key]: values[key] };
  const inner = (target as Readonly<Record<string, object>>)[key] ?? {};
  return { ...target, [key]: placed(inner, rest, { values: values[key] as Values, change }) };
}

function refused(change: string, why: string): never {
  throw new BlueGreenError("USAGE", `--set ${change} ${why}`, {
    hint: "for instance: --set bake.alpha=0.001 --set bake.latency.quantile=0.99",
  });
}
