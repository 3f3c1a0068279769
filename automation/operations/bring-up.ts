/** Brings an environment back as its record says: colors first, so that the router finds them. */

import { colors, perColor } from "../../infra/model.ts";
import type { Session } from "../session.ts";

export async function bringUp(session: Session): Promise<void> {
  const { environment, on, boundary, platform, settings } = session;
  await session.restoreStates();
  const before = await environment.observe({ fresh: true });
  for (const color of colors) {
    const outputs = before.colors[color];
    if (!outputs || outputs.given || before.record.retiring === color) continue;
    const { ready, total, problems } = before.reading.targets[color];
    if (ready >= total && problems.length === 0) continue;
    boundary(`before Keep ${color}`);
    on({ kind: "Begun", action: `bring ${color} back`, phase: null });
    const started = Date.now();
    await environment.updateColor(color, { kind: "Keep", size: null });
    on({ kind: "Ended", action: `${color} is back`, ms: Date.now() - started });
  }
  boundary("before Keep");
  const started = Date.now();
  on({ kind: "Begun", action: "bring the router up", phase: null });
  await environment.updateRouter({ kind: "Keep" });
  on({ kind: "Ended", action: "the router is up", ms: Date.now() - started });
  const { record, reading } = await environment.observe({ fresh: false });
  const ready = perColor((color) => `${color} ${reading.targets[color].ready} ready`);
  const active = record.activeColor ?? "no color";
  const sentence = `${active} is active at ${platform.url(settings)} (${ready.blue}, ${ready.green})`;
  on({ kind: "Finished", sentence, exitCode: 0 });
}
