/** Where the settings file, the record and the data plane disagree, and what to do about it. Pure. */

import type { Settings } from "../../infra/config.ts";
import { pasteLines, readIntent } from "../../infra/rules/intent.ts";
import { colors, isServed } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { adviceOn } from "../../infra/rules/router-advice.ts";
import { attachments } from "../../infra/rules/attachment.ts";

export interface DriftReport {
  /** What differs from what: `router` is the data plane. */
  readonly between: readonly ["router" | "file", "record"];
  readonly sentence: string;
  /** What to do, as a sentence. */
  readonly advice: string;
  /** Lines for the settings file that end it; empty where it isn't the file. */
  readonly paste: readonly string[];
}

export interface NamedSettings {
  readonly settings: Settings;
  readonly name: string;
}

export function findDrift(view: Observed, file: NamedSettings): readonly DriftReport[] {
  return [...routerDrift(view), ...addressDrift(view), ...fileDrift(view, file)];
}

const routerAdvice = {
  silent: "bring the router back: `bluegreen up`",
  interrupted: "go on where it was cut short: `bluegreen deploy`, or give up: `bluegreen rollback`",
  direct: "`bluegreen up` writes it into the record; traffic stays",
  foreign: "`bluegreen up` takes over what the router really does; traffic stays",
} as const;

function routerDrift({ drift, reading }: Observed): readonly DriftReport[] {
  if (drift.kind === "none") return [];
  const { sentence } = drift;
  const advice = adviceOn(reading, sentence) ?? routerAdvice[drift.kind];
  return [{ between: ["router", "record"], sentence, advice, paste: [] }];
}

/** A color that serves is reached at all the addresses that it has; an idle one may still change. */
function addressDrift(view: Observed): readonly DriftReport[] {
  if (view.reading.weights === null) return [];
  const wanted = attachments(view, view.record);
  const serving = colors.filter((color) => isServed(view.record.weights, color));
  return serving.flatMap((color): readonly DriftReport[] => {
    const known = view.reading.attached[color];
    const missing = wanted[color].filter((address) => !known.includes(address));
    const extra = known.filter((address) => !wanted[color].includes(address));
    if (missing.length === 0 && extra.length === 0) return [];
    const parts = [
      ...(missing.length > 0 ? [`doesn't know ${missing.join(", ")}`] : []),
      ...(extra.length > 0 ? [`still knows ${extra.join(", ")}`] : []),
    ];
    const sentence = `the router ${parts.join(" and ")} of ${color}`;
    const advice = "set its addresses anew: `bluegreen up`";
    return [{ between: ["router", "record"], sentence, advice, paste: [] }];
  });
}

/** The file's wish that would be obeyed, or refused, by the next plain `pulumi up`. */
function fileDrift(
  { record }: Observed,
  { settings, name }: NamedSettings,
): readonly DriftReport[] {
  const { activeColor, generation } = settings;
  const intent = readIntent({ activeColor, generation }, record, name);
  const paste = pasteLines(record);
  const between = ["file", "record"] as const;
  const keep = `to keep the traffic where it is, paste into ${name}:`;
  switch (intent.kind) {
    case "none":
      if (intent.warning === null) return [];
      return [{ between, sentence: intent.warning, advice: keep, paste }];
    case "stale":
      return [{ between, sentence: intent.error.message, advice: keep, paste }];
    case "activate": {
      if (intent.color === record.activeColor) return [];
      const now = record.activeColor ?? "no color";
      const sentence = `${name} asks for ${intent.color}, traffic is on ${now}: \`pulumi up\` would switch`;
      return [{ between, sentence, advice: `switch with \`pulumi up\`, or ${keep}`, paste }];
    }
  }
}
