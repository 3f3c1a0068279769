/** A thread of the simulation: answers each batch with the ends of its runs. */

import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { runBatch } from "./simulation.ts";
import type { Batch } from "./simulation.ts";

assert(parentPort, "this file is a thread's");
const port = parentPort;
port.on("message", (batch: Batch) => {
  port.postMessage(runBatch(batch));
});
