/** Gets the Pulumi engine before the tests, which use only one that is there; shows progress. */

import process from "node:process";
import { findEngine } from "../automation/engine/location.ts";
import { describeProgress } from "../automation/engine/way.ts";

/** A build of some minutes gets a dozen lines in a log, not a hundred. */
const lineEveryMs = 15_000;
let shown = { phase: "", elapsedMs: 0 };

function progress(now) {
  if (now.phase === shown.phase && now.elapsedMs - shown.elapsedMs < lineEveryMs) return;
  shown = now;
  process.stdout.write(`${describeProgress(now)}\n`);
}

try {
  const { pulumi, version, why } = await findEngine({ env: process.env, progress });
  process.stdout.write(`Pulumi ${version} at ${pulumi}\n${why.join("\n")}\n`);
} catch (error) {
  const { message, details = [], hint = "" } = error;
  process.stdout.write([message, ...details, hint, ""].join("\n"));
  process.exitCode = 1;
}
