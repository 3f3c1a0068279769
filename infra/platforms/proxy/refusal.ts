/** The error for a configuration that a server refuses: it names the file, whoever's it is. PURE. */

import { BlueGreenError } from "../../errors.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

export interface Complaint {
  readonly text: string;
  readonly file: string | null;
  readonly line: string | null;
}

export function refusal(
  spec: RouterSpec,
  complaint: Complaint | null,
  output: string,
): BlueGreenError {
  const details = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-6);
  const { text, file, line } = complaint ?? { text: "it doesn't say why", file: null, line: null };
  const place = file === null ? "" : ` in ${file}${line === null ? "" : `, line ${line}`}`;
  const message = `${spec.dialect} refuses its configuration${place}: ${text}`;
  return new BlueGreenError("ROUTER_REFUSED", message, { details, hint: hintOf(spec, file) });
}

function hintOf(spec: RouterSpec, file: string | null): string {
  const calm = "What was served before is served still.";
  if (file === null) return `Read the lines above. ${calm}`;
  return file === filesOf(spec).config
    ? `The file is written by bluegreen: does ${spec.dialect} know what stands there? ${calm}`
    : `The file isn't bluegreen's: mend it, then run the command again. ${calm}`;
}

/** When another process has the port. */
export function portInUse(spec: RouterSpec): BlueGreenError {
  const message = `${spec.host}:${spec.port} is taken by another process`;
  return new BlueGreenError("PORT_IN_USE", message, {
    hint: "Choose another `proxy.port`, or stop what listens there.",
  });
}
