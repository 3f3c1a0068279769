/** A program that starts a prober and then has nothing else to do. */

import { startProber } from "../../../automation/adapters/prober.ts";

const [url = "", stop] = process.argv.slice(2);
const prober = startProber({ url, path: "/", ratePerSecond: 50, timeoutMs: 500 });
const { sent } = await prober.snapshot();
if (stop === "stop") await prober.stop();
process.stdout.write(sent > 0 ? "probed" : "idle");
