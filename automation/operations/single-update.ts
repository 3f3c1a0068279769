/** Commands that are one update of the router's stack and nothing else. */

import type { Request } from "../../infra/rules/request.ts";
import type { CommandContext } from "../command.ts";
import type { Session } from "../session.ts";

/** Makes the update and says what is true then. */
export async function updateOnce(
  context: CommandContext,
  make: (session: Session) => Promise<{ readonly request: Request; readonly sentence: string }>,
): Promise<void> {
  const session = await context.openSession();
  await session.environment.observe({ fresh: true });
  const { request, sentence } = await make(session);
  session.boundary(`before ${request.kind}`);
  await session.environment.updateRouter(request);
  session.boundary(`after ${request.kind}`);
  session.on({ kind: "Finished", sentence, exitCode: 0 });
}
