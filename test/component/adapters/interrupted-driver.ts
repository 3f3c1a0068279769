/**
 * A driver for a test: `node interrupted-driver.ts FILE FOLDER` runs FILE as its engine. A first
 * SIGINT is noted, a second one ends it, as the command line does.
 */
import { runEngine } from "../../../automation/adapters/engine-process.ts";

const [file = "", folder = ""] = process.argv.slice(2);
let signals = 0;
process.on("SIGINT", () => {
  signals += 1;
  process.stdout.write(`signal ${signals}\n`);
  if (signals === 2) process.exit(130);
});
const { problem, stdout } = await runEngine({ file, args: [folder], env: {} });
process.stdout.write(`${problem ?? "well"}: ${stdout}`);
