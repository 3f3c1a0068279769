/** The provider as an executable, for an engine that no driver started: it starts this by its path. */

import { constants } from "node:os";
import { endWithEngine, engineAddress } from "./engine-watch.ts";
import { serveProvider } from "./server.ts";

/** Ends as a process does that listens to its end: what it started goes with it. */
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
endWithEngine(engineAddress(process.argv.slice(2)));
// The engine prints what its providers say here.
const { port } = await serveProvider((sentence) => process.stderr.write(`${sentence}\n`));
process.stdout.write(`${port}\n`);
