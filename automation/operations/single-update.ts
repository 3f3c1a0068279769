/** Commands that are one update of the router's stack and nothing else. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { Observed } from "../../infra/observation.ts";
import { isRecorded } from "../../infra/rules/record.ts";
import type { Request } from "../../infra/rules/request.ts";
import type { CommandContext } from "../command.ts";
import { givenUp } from "../rollout-events.ts";
import type { Session } from "../session.ts";

export interface SingleUpdate {
  /** Null: what is wanted is true already. */
  readonly request: Request | null;
  /** What is true then. */
  readonly sentence: string;
}

/** Makes the update and says what is true then. */
export async function updateOnce(
  context: CommandContext,
  make: (session: Session, view: Observed) => Promise<SingleUpdate> | SingleUpdate,
): Promise<void> {
  const session = await context.openSession();
  const view = await session.environment.observe({ fresh: true });
  const { request, sentence } = await make(session, view);
  if (request) {
    session.boundary(`before ${request.kind}`);
    await session.environment.updateRouter(request);
    session.boundary(`after ${request.kind}`);
    if (request.kind === "Abort") givenUp(view.record, request).forEach(session.on);
  }
  session.on({ kind: "Finished", sentence, exitCode: 0 });
}

/** @throws STACK_MISSING before the environment was made: there is no record yet to write into */
export function refuseMissing({ stored, environment }: Observed): void {
  if (isRecorded(stored)) return;
  throw new BlueGreenError("STACK_MISSING", `environment ${environment} doesn't exist yet`, {
    hint: "make it with `bluegreen deploy --version VERSION`, or empty with `bluegreen up`",
  });
}
