/** Reads a metric from a Prometheus server: one number per query. */

import type { MetricOf } from "../../infra/config.ts";
import { jsonAt } from "../../infra/probe/json.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import { askJson } from "./request.ts";
import type { JsonAnswer } from "./request.ts";
import type { Subject } from "./source.ts";
import { filledIn } from "../placeholders.ts";
import { countsReading, valueReading } from "./source.ts";

type PrometheusMetric = MetricOf<"prometheus">;

export async function readPrometheus(
  metric: PrometheusMetric,
  subject: Subject,
  signal: AbortSignal,
): Promise<MetricReading> {
  const ask = (query: string) => queried(metric, filledIn(query, subject, labelText), signal);
  if (metric.value !== null) {
    const answer = await ask(metric.value);
    return "error" in answer ? answer : valueReading(answer.document);
  }
  const [bad, total] = await Promise.all([ask(metric.bad ?? ""), ask(metric.total ?? "")]);
  if ("error" in total) return total;
  // A counter of errors often begins with the first one: nothing of it beside a total is zero.
  if ("error" in bad) return bad.error === nothing ? noneBad(total.document) : bad;
  return countsReading(bad.document, total.document);
}

function noneBad(total: unknown): MetricReading {
  const reading = countsReading(0, total);
  return "error" in reading ? reading : { ...reading, assumed: true };
}

const nothing = "the query finds nothing";

/** The one number that a query gives, as text. */
async function queried(
  { url, headers, timeoutMs }: PrometheusMetric,
  query: string,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const asked = new URL(url);
  asked.pathname = `${asked.pathname.replace(/\/$/, "")}/api/v1/query`;
  asked.searchParams.set("query", query);
  const answer = await askJson({ url: asked.href, headers, timeoutMs, signal });
  return "error" in answer ? answer : numberOf(answer.document);
}

function numberOf(document: unknown): JsonAnswer {
  if (jsonAt(document, "status") !== "success") return { error: "the answer isn't Prometheus's" };
  const type = jsonAt(document, "/data/resultType");
  const result = jsonAt(document, "/data/result");
  if (!Array.isArray(result)) return { error: "the answer has no result" };
  if (type === "scalar") return { document: result[1] as unknown };
  if (type !== "vector") return { error: `the query gives a ${String(type)}, not one number` };
  if (result.length === 0) return { error: nothing };
  if (result.length > 1) return { error: `the query finds ${result.length} series; sum them up` };
  return { document: jsonAt(result[0], "/value/1") };
}

/** Safe inside the quotes of a label. */
function labelText(text: string): string {
  return text.replaceAll(/["\\]/g, (char) => `\\${char}`);
}
