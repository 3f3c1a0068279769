/** Says why a color didn't become ready, with the end of the log of the instance to blame. */

import { BlueGreenError } from "../../../errors.ts";
import { instanceLog } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import type { ColorSpec } from "./color-spec.ts";
import type { ColorStatus, InstanceStatus } from "./color-status.ts";
import { tailLines } from "./log-files.ts";
import { fixedPort, portInUse } from "./ports.ts";

const shownLines = 20;
const lineMaxChars = 500;

/** `status` is null when the supervisor was lost and couldn't be had again in time. */
export function notReadyError(
  folder: ColorFolder,
  spec: ColorSpec,
  status: ColorStatus | null,
): BlueGreenError {
  const blamed = status === null ? undefined : instanceToBlame(status);
  if (status === null || blamed === undefined) {
    const message = `${spec.color} wasn't ready within ${spec.startMs} ms`;
    return new BlueGreenError("PROVISION_FAILED", message, {
      hint: `Look at ${folder.supervisorLog}.`,
    });
  }
  const taken = portTaken(spec, blamed);
  if (taken !== null) return taken;
  const log = instanceLog(folder, blamed.index);
  const details = tailLines(log, shownLines).map((line) => line.slice(0, lineMaxChars));
  const message = `${spec.color} ${spec.version}, instance ${blamed.index} ${sentence(spec, status, blamed)}`;
  const hint = details.length === 0 ? "The instance wrote nothing." : `The whole log is ${log}.`;
  return new BlueGreenError("PROVISION_FAILED", message, { hint, details });
}

/** What the instance met, where its port is fixed and somebody else has it. */
function portTaken(spec: ColorSpec, { index, problem }: InstanceStatus): BlueGreenError | null {
  const port = fixedPort(spec, index);
  if (port === null || spec.ports === undefined) return null;
  const error = portInUse(spec.host, port, spec.ports.setting);
  return problem === error.message ? error : null;
}

/** The one that ended most often tells more than one that merely waits. */
export function instanceToBlame(status: ColorStatus): InstanceStatus | undefined {
  const failing = status.instances.filter((instance) => instance.state !== "ready");
  return failing.sort((a, b) => b.restarts - a.restarts || a.index - b.index)[0];
}

function sentence(spec: ColorSpec, status: ColorStatus, blamed: InstanceStatus): string {
  const problem = blamed.problem ?? "it gave no sign";
  if (status.crashLoop && blamed.restarts > 0) {
    return `is in a crash loop, it ended ${blamed.restarts} times: ${problem}`;
  }
  if (status.crashLoop) return `can't be started: ${problem}`;
  if (blamed.state === "stopping") return "didn't end in time";
  return `isn't healthy within ${spec.startMs} ms: ${problem}`;
}
