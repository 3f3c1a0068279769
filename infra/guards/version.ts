/** Asks every instance of a color which version it is, by the settings' version checks. */

import type { Settings } from "../config.ts";
import type { ColorOutputs } from "../model.ts";
import { isElsewhere, probe, versionIn } from "../probe.ts";
import { targetOf } from "../probe/target.ts";

/** Sentences about instances that answer as something else; an unreachable one says nothing. */
export async function checkVersions(
  settings: Settings,
  outputs: ColorOutputs,
): Promise<readonly string[]> {
  const specs = settings.checks.filter((check) => check.kind === "version");
  const asked = specs.flatMap((spec) => outputs.addresses.map((address) => ({ spec, address })));
  const answers = await Promise.all(
    asked.map(async ({ spec, address }) => {
      const answer = await probe({ address, path: spec.path, timeoutMs: spec.timeoutMs });
      const expected = spec.expect ?? outputs.release.version;
      const loopback = targetOf({ address })?.loopback === true;
      if (isElsewhere(answer, { loopback })) return null;
      const found = answer.kind === "answered" ? versionIn(answer, spec) : null;
      return found === expected
        ? null
        : `${address} GET ${spec.path} says ${found ?? "nothing that can be read"}, expected ${expected}`;
    }),
  );
  return answers.filter((sentence) => sentence !== null);
}
