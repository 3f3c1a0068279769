/** A host for as long as some work takes. */

import type { Host } from "../host.ts";
import type { SshAccess } from "./open-ssh.ts";
import { OpenSshHost } from "./open-ssh.ts";
import { thisMachine } from "./this-machine.ts";

/** What was kept open between calls is closed when the work has ended, however it ended. */
export async function withHost<T>(
  ssh: SshAccess | null,
  work: (host: Host) => Promise<T>,
): Promise<T> {
  const host = ssh === null ? thisMachine : new OpenSshHost(ssh);
  try {
    return await work(host);
  } finally {
    await host.close();
  }
}
