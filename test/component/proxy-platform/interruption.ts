/** A command that is killed at the moment when the server is to test its configuration. */

import { rmSync } from "node:fs";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";

/** Returns when it is there; it never goes on, and its lock is that of a dead process. */
export async function cutWhileTesting(
  spec: RouterSpec,
  work: (router: ProxyRouter) => Promise<void>,
): Promise<void> {
  const testing = Promise.withResolvers<undefined>();
  const host: Host = {
    ...thisMachine,
    run: (argv, options) => {
      if (!argv.includes(spec.dialect === "nginx" ? "-t" : "-c")) {
        return thisMachine.run(argv, options);
      }
      testing.resolve(undefined);
      return new Promise(() => undefined);
    },
  };
  const failed = work(new ProxyRouter(spec, host));
  await Promise.race([testing.promise, failed]);
  rmSync(filesOf(spec).lock);
}
