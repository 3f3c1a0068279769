/** What can be wrong with a component of the user's own and with what it made. Changes nothing. */

import { BlueGreenError, messageOf } from "../errors.ts";
import type { ColorOutputs } from "../model.ts";
import { colors } from "../model.ts";
import type { Diagnosis, Platform, Scope } from "../platform.ts";
import { healthOf } from "../rules/health.ts";
import { readComponent } from "./source.ts";

/** Nothing where no component is set, and none has made a color. */
export async function diagnoseOwn(
  scope: Scope,
  read: Platform["read"],
): Promise<readonly Diagnosis[]> {
  const { file } = scope.settings.color;
  const held = colors.flatMap((color) => {
    const outputs = scope.colors[color];
    return outputs?.component ? [outputs] : [];
  });
  const { digest, found } = await diagnoseFile(file);
  const edited = held
    .filter(({ component }) => file !== null && digest !== null && component !== digest)
    .map(({ color }) => editedSince(color, file ?? ""));
  if (held.length === 0) return found;
  const { targets } = await read(scope);
  return [...found, ...held.map((outputs) => diagnoseHealth(outputs, targets)), ...edited];
}

async function diagnoseFile(
  file: string | null,
): Promise<{ readonly digest: string | null; readonly found: readonly Diagnosis[] }> {
  if (file === null) return { digest: null, found: [] };
  const subject = "component";
  try {
    const { digest } = await readComponent(file);
    const sentence = `${file} makes the colors (${digest.slice(0, 19)})`;
    return { digest, found: [{ level: "ok", subject, sentence, fix: null }] };
  } catch (error) {
    const fix = error instanceof BlueGreenError ? (error.hint ?? null) : null;
    const found: Diagnosis = { level: "problem", subject, sentence: messageOf(error), fix };
    return { digest: null, found: [found] };
  }
}

function diagnoseHealth(
  { color: subject }: ColorOutputs,
  targets: Awaited<ReturnType<Platform["read"]>>["targets"],
): Diagnosis {
  const { ready, total, problems } = targets[subject];
  const health = healthOf(targets[subject]);
  if (health === "unknown") {
    const sentence = "the addresses of your component can't be reached from here";
    return { level: "note", subject, sentence, fix: null };
  }
  const sentence = `${ready} of ${total} addresses of your component are ready`;
  if (health === "healthy") return { level: "ok", subject, sentence, fix: null };
  const fix = "look at what it made, or bring it back: `bluegreen up`";
  return { level: "problem", subject, sentence: `${sentence}: ${problems.join("; ")}`, fix };
}

function editedSince(subject: string, file: string): Diagnosis {
  const sentence = `it was made before ${file} was edited`;
  const fix = "deploy the edited one; to bring this color back or grow it, put the file back first";
  return { level: "note", subject, sentence, fix };
}
