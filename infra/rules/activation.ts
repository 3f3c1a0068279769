/** Which color may get traffic, and what may happen to the color that has it. Pure. */

import { isUnfinished } from "./claim.ts";
import { BlueGreenError } from "../errors.ts";
import type { Color, ColorOutputs, RouterReading } from "../model.ts";
import { refusedByFreeze } from "./freeze.ts";
import { healthOf } from "./health.ts";
import { pinOf } from "./record.ts";
import { unfitRelease } from "./schema.ts";
import type { View } from "./view.ts";
import { warmOf } from "./warm.ts";

/** What exactly was checked, where a rollout asks; a person's flip names only the color. */
export interface Expected {
  readonly rolloutId?: string;
  readonly digest?: string;
}

export type GuardResult =
  | { readonly kind: "pass"; readonly sentence: string }
  /** Not provisioned yet: only a preview may go on. */
  | { readonly kind: "pending"; readonly sentence: string }
  | { readonly kind: "refused"; readonly error: BlueGreenError };

/** Activation: may this color get traffic now? */
export function guardActivation(view: View, color: Color, expected: Expected = {}): GuardResult {
  const { record, environment } = view;
  const outputs = view.colors[color];
  if (record.retiring === color) {
    return refused("COLOR_RETIRING", `${color} is being retired`, "finish with `bluegreen retire`");
  }
  if (!outputs) {
    return {
      kind: "pending",
      sentence: `${color} holds no release yet: stack ${environment}-${color} is empty`,
    };
  }
  if (view.frozen) return { kind: "refused", error: refusedByFreeze(view.frozen) };
  return (
    guardWhole(view, outputs) ??
    guardRelease(view, outputs, expected) ??
    guardSchema(view, outputs) ??
    guardHealth(view.reading, outputs) ??
    guardSize(view, outputs) ?? {
      kind: "pass",
      sentence: `${color} holds ${outputs.release.version} and is healthy`,
    }
  );
}

/** In an update, pending is a refusal: there is nothing that could serve. */
export function refusePending(result: GuardResult, view: View, color: Color): GuardResult {
  if (result.kind !== "pending") return result;
  return refused(
    "COLOR_EMPTY",
    result.sentence,
    `fill it with \`bluegreen deploy\`, or by hand with stack ${view.environment}-${color}`,
  );
}

/** What the stack says is only true of a color that was filled to the end. */
function guardWhole({ record }: View, outputs: ColorOutputs): GuardResult | null {
  const { color } = outputs;
  const { rollout } = record;
  if (!isUnfinished(record, color, outputs)) return null;
  if (rollout) {
    return refused(
      "CLAIMED",
      `rollout ${rollout.id} is filling ${color}`,
      "wait for it, or end it with `bluegreen abort`",
    );
  }
  return refused(
    "RELEASE_CHANGED",
    `${color} was being filled when that rollout was ended: what it holds isn't known`,
    "fill it again with `bluegreen deploy --version VERSION`",
  );
}

function guardRelease(view: View, outputs: ColorOutputs, expected: Expected): GuardResult | null {
  const { color, release } = outputs;
  const pin = pinOf(view.record.pins, release.digest, view.nowMs);
  if (pin) {
    return refused(
      "RELEASE_PINNED",
      `${color} holds ${release.version}, pinned by ${pin.by} at ${pin.at}: ${pin.reason}`,
      `deploy another release, or lift it with \`bluegreen unpin ${release.version}\``,
    );
  }
  const otherRollout = expected.rolloutId !== undefined && expected.rolloutId !== outputs.rolloutId;
  const otherDigest = expected.digest !== undefined && expected.digest !== release.digest;
  if (!otherRollout && !otherDigest) return null;
  return refused(
    "RELEASE_CHANGED",
    `${color} holds ${release.version} (${release.digest}) of rollout ${outputs.rolloutId}, ` +
      `checked was ${expected.digest ?? "that version"} of ${expected.rolloutId ?? "any rollout"}`,
    "somebody filled the color again meanwhile: start the rollout anew",
  );
}

function guardHealth(reading: RouterReading, outputs: ColorOutputs): GuardResult | null {
  const { color } = outputs;
  const target = reading.targets[color];
  if (healthOf(target) !== "unhealthy") return null;
  return {
    kind: "refused",
    error: new BlueGreenError(
      "COLOR_UNHEALTHY",
      `${color} has ${target.ready} of ${target.total} instances ready`,
      { hint: `look at \`bluegreen logs ${color}\``, details: target.problems },
    ),
  };
}

/** What was shrunk for its hold grows before it gets the traffic of more instances than it has. */
function guardSize(view: View, { color }: ColorOutputs): GuardResult | null {
  const warm = warmOf(view, color);
  if (!warm) return null;
  const { size, full, shrinksTo } = warm;
  const sentence =
    shrinksTo === null
      ? `${color} is held warm with ${size} of ${full} instances`
      : `${color} is about to shrink to ${shrinksTo} of ${size} instances`;
  return refused(
    "COLOR_SMALL",
    sentence,
    `grow it with \`bluegreen up --grow\`, then run this again; \`bluegreen rollback\` and ` +
      `\`bluegreen switch ${color}\` grow it by themselves`,
  );
}

function guardSchema({ record }: View, outputs: ColorOutputs): GuardResult | null {
  const error = unfitRelease(record, outputs);
  return error && { kind: "refused", error };
}

/** A rollback needs one ready instance, and a database that its release works with; nothing else. */
export function guardRollback(view: View, color: Color): GuardResult {
  const outputs = view.colors[color];
  const target = view.reading.targets[color];
  if (view.record.retiring === color) {
    return refused("ROLLBACK_IMPOSSIBLE", `${color} is being removed`, "deploy the release again");
  }
  if (isUnfinished(view.record, color, outputs)) {
    const sentence = `${color} is being filled with another release, or was when that was ended`;
    return refused("ROLLBACK_IMPOSSIBLE", sentence, "deploy the release again");
  }
  const unfit = outputs && guardSchema(view, outputs);
  if (unfit) return unfit;
  if (outputs && (target.ready > 0 || !target.reachable)) {
    return { kind: "pass", sentence: `${color} has ${target.ready} ready instances` };
  }
  return {
    kind: "refused",
    error: new BlueGreenError("ROLLBACK_IMPOSSIBLE", `${color} has no ready instance`, {
      hint: `bring it back with \`bluegreen up\`, or deploy a fixed release`,
      details: target.problems,
    }),
  };
}

function refused(
  code: ConstructorParameters<typeof BlueGreenError>[0],
  message: string,
  hint: string,
): GuardResult {
  return { kind: "refused", error: new BlueGreenError(code, message, { hint }) };
}
