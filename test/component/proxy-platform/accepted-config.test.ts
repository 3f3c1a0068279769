/** The real servers accept every configuration that settings can lead to. */

import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { emptyState } from "../../../infra/platforms/proxy/state.ts";
import { preset } from "../../../infra/platforms/proxy/flip.ts";
import { layOut } from "../../../infra/platforms/proxy/taking-over.ts";
import { describeDialects, openFolder, specOf } from "./support.ts";

const addresses = fc.array(
  fc.constantFrom(
    "127.0.0.1:1",
    "[::1]:65535",
    "localhost:80",
    "0x7f000001:90",
    "[::ffff:1.2.3.4]:7",
  ),
  { maxLength: 3 },
);
const change = fc.record({
  name: fc.oneof(fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/), fc.constant("x".repeat(20))),
  upstream: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,63}$/),
  cookie: fc.option(
    fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_]{0,39}$/), fc.constant("y".repeat(40))),
  ),
  host: fc.constantFrom("127.0.0.1", "::1", "0.0.0.0", "::"),
  timeoutMs: fc.integer({ min: 100, max: 3_600_000 }),
  idleMs: fc.integer({ min: 100, max: 60_000 }),
  drainMs: fc.integer({ min: 0, max: 3_600_000 }),
});
const dirs = fc.stringMatching(/^[A-Za-z0-9._@+][A-Za-z0-9._@+-]{0,15}$/).filter((each) => {
  return each !== "." && each !== "..";
});

describeDialects("an accepted configuration", (dialect) => {
  test("is valid for the real server", async () => {
    const folder = openFolder();
    const samples = fc.sample(fc.tuple(change, dirs, addresses, addresses), {
      numRuns: 40,
      seed: 4,
    });
    for (const [index, [changed, dir, blue, green]] of samples.entries()) {
      const at = join(folder, String(index), dir);
      const spec = await specOf(dialect, { ...changed, dir: at });
      const access = accessOf(spec, thisMachine);
      await preset(access, emptyState);
      await layOut(access, { blue, green });
      const [program = "", ...words] = access.dialect.checkArgv(spec);
      const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
      const text = execFileSync("cat", [filesOf(spec).config], { encoding: "utf8" });
      expect(status, `${stderr}\n${text}`).toBe(0);
    }
  });
});
