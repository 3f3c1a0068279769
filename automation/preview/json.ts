/** The summary as one JSON document. */

import type { PreviewSummary } from "./summary.ts";

/** What JSON leaves as it is and a terminal would act on. */
const raw = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Control characters are escaped, so that it can be printed to a terminal as well. */
export function renderJson(summary: PreviewSummary): string {
  const text = JSON.stringify(summary);
  return text.replace(raw, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
