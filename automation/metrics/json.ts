/** Reads a metric from a JSON document at a URL. */

import type { MetricOf } from "../../infra/config.ts";
import { jsonAt } from "../../infra/probe/json.ts";
import { quoted } from "../report/safe-text.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import { askJson } from "./request.ts";
import type { Subject } from "./source.ts";
import { filledIn } from "../placeholders.ts";
import { countsReading, valueReading } from "./source.ts";

export async function readJson(
  { url, headers, timeoutMs, bad, total, value }: MetricOf<"json">,
  subject: Subject,
  signal: AbortSignal,
): Promise<MetricReading> {
  const asked = filledIn(url, subject, encodeURIComponent);
  const answer = await askJson({ url: asked, headers, timeoutMs, signal });
  if ("error" in answer) return answer;
  const { document } = answer;
  const places = [bad, total, value].filter((place) => place !== null);
  const missing = places.find((place) => jsonAt(document, place) === undefined);
  if (missing !== undefined) return { error: `the document has nothing at ${quoted(missing)}` };
  return value === null
    ? countsReading(jsonAt(document, bad ?? ""), jsonAt(document, total ?? ""))
    : valueReading(jsonAt(document, value));
}
