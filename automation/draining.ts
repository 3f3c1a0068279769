/** Waits for what a color still has open before anything of it goes. */

import type { Ports } from "./ports.ts";
import type { Draining } from "./rollout/action.ts";
import { hasNothingOpen } from "./rollout/drain.ts";

/** Time between two looks at what a color still has open. */
const drainPauseMs = 200;

/** Waits until the color has nothing open, its time is up, or a person asks to stop. */
export async function drain(
  { environment, clock, interrupted }: Pick<Ports, "environment" | "clock" | "interrupted">,
  { color, ms }: Draining,
): Promise<void> {
  const deadline = clock.now() + ms;
  for (let leftMs = ms; leftMs > 0 && !interrupted(); leftMs = deadline - clock.now()) {
    if (hasNothingOpen(await environment.read(), color)) return;
    await clock.sleep(Math.min(drainPauseMs, leftMs));
  }
}
