/** A program that probes until it hears something, and prints what it counted. */

import { once } from "node:events";
import { startProber } from "../../../automation/adapters/prober.ts";

const [url = ""] = process.argv.slice(2);
const prober = startProber({ url, path: "/", ratePerSecond: 50, timeoutMs: 500 });
await prober.snapshot();
process.stdout.write("probing\n");
await once(process.stdin, "data");
const { failed, own } = await prober.stop();
process.stdout.write(JSON.stringify({ failed, own }));
process.exit(0);
