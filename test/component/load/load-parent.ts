/** Starts a load and says its process id; the test then kills this process. */
import { startLoad } from "../../../automation/demo/load.ts";

const load = await startLoad({ url: process.argv[2] ?? "", ratePerSecond: 100, webSockets: 2 });
process.stdout.write(`${load.pid}\n`);
setInterval(() => undefined, 1_000);
