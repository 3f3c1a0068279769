/** Connections that outlive one probe, as browsers and upstream pools keep them. */

import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";

/** Probes that share one of these reuse its connections. */
export interface ProbeConnection {
  readonly plain: Agent;
  readonly secure: SecureAgent;
  /** Ends the connections; requests on them end as "unreachable". */
  close(): void;
}

export function keepConnection(): ProbeConnection {
  const plain = new Agent({ keepAlive: true });
  const secure = new SecureAgent({ keepAlive: true });
  return {
    plain,
    secure,
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}
