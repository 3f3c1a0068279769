/** A router's host that lets nobody in while a release is baked: it serves on, and isn't down. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { useProxy } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { makeServersProject } from "../support/project/servers-project.ts";
import type { ServersProject } from "../support/project/servers-project.ts";
import { eventually } from "../support/project/waiting.ts";
import { describeWith } from "../support/programs.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

/** Longer than a router may be silent. */
const outOfReachMs = 8_000;
const limitMs = 120_000;

/** In place of `ssh`, as a hundred real connections take long: its commands run here, or nobody is let in. */
const standIn = `#!/bin/sh
if [ -e "$0.closed" ]; then
  echo "ssh: connect to host router port 22: Connection refused" >&2
  exit 255
fi
for last; do :; done
exec sh -c "$last"
`;

describeWith(["nginx", "python3"], "a router on another machine", () => {
  describeOnEngine("out of reach in a bake", () => {
    let made: ServersProject;

    beforeAll(async () => {
      made = await makeServersProject({ bake: "{ duration: 10m, interval: 500ms }" });
    });

    removeAfterAll(() => made);

    it("is no silent router: the bake waits until it can judge", async () => {
      const { project, servers } = made;
      const bin = join(project.root, "bin");
      const closed = join(bin, "ssh.closed");
      mkdirSync(bin);
      writeFileSync(join(bin, "ssh"), standIn, { mode: 0o755 });
      const ssh = '{ host: "127.0.0.1" }';
      useProxy(project, { colors: servers.colors({ removes: false }), ssh });
      const env = { PATH: `${bin}:${project.env["PATH"] ?? ""}` };
      const deploy = project.start(["deploy", "--version", "1"], { env, limitMs });
      const said = (what: RegExp) =>
        eventually(
          () => `${String(what)} in ${deploy.said()}`,
          () => (what.test(deploy.said()) ? true : null),
          limitMs,
        );
      await said(/watching blue/);
      const { count } = await underSteadyLoad(
        { url: `${project.url}/`, ratePerSecond: 50 },
        async () => {
          writeFileSync(closed, "");
          const closedAt = Date.now();
          await said(/can't be judged: the router's host \S+ can't be used: .*are answered/);
          await eventually(
            "the time out of reach",
            () => (Date.now() - closedAt > outOfReachMs ? true : null),
            2 * outOfReachMs,
          );
          expect(deploy.said()).not.toContain("ROUTER_DOWN");
          rmSync(closed);
        },
      );
      expect(count.failures).toEqual([]);
      deploy.ctrlC();
      const run = await deploy.done;
      expect(run.output).toContain("the bake was interrupted");
      expect(run.output).not.toContain("ROUTER_DOWN");
      expect(await project.record()).toMatchObject({ activeColor: "blue" });
    });
  });
});
