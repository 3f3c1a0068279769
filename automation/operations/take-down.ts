/** Removes an environment in the order that leaves nothing half alive: traffic, colors, router. */

import { BlueGreenError } from "../../infra/errors.ts";
import { colors } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { confirm } from "../question.ts";
import type { CommandContext } from "../command.ts";
import type { Session } from "../session.ts";

export async function takeDown(
  context: CommandContext,
  { stopServing }: { readonly stopServing: boolean },
): Promise<void> {
  const session = await context.openSession();
  const view = await session.environment.observe({ fresh: true });
  const { environment } = session.settings;
  refuseServing(view, stopServing);
  await confirm(context, `Remove environment ${environment} with everything in it?`);
  if (view.record.activeColor !== null) {
    await step(session, "stop serving", () =>
      session.environment.updateRouter({ kind: "Deactivate" }),
    );
  }
  for (const color of colors) {
    const { record, colors: held } = await session.environment.observe({ fresh: false });
    if (!held[color] && record.retiring !== color) {
      // A killed update may have left something there.
      await session.environment.emptyColor(color);
      continue;
    }
    await step(session, `empty ${color}`, async () => {
      await session.environment.updateRouter({ kind: "Retire", color, force: true });
      await session.environment.emptyColor(color);
      await session.environment.updateRouter({ kind: "Retired", color });
    });
  }
  await step(session, "remove the router and the stacks", () => session.environment.remove());
  session.on({ kind: "Finished", sentence: `environment ${environment} is gone`, exitCode: 0 });
}

function refuseServing({ record }: Observed, stopServing: boolean): void {
  if (record.activeColor === null || stopServing) return;
  throw new BlueGreenError("ROUTER_ACTIVE", `${record.activeColor} has traffic`, {
    hint: "`bluegreen down --stop-serving` takes the application off line first",
  });
}

async function step(session: Session, action: string, work: () => Promise<void>): Promise<void> {
  const started = Date.now();
  session.boundary(`before ${action}`);
  session.on({ kind: "Begun", action, phase: null });
  await work();
  session.on({ kind: "Ended", action, ms: Date.now() - started });
}
