/** A machine of a color as the provider executable fills, looks at and leaves it. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../../errors.ts";
import type { Properties, ResourceHandler } from "../../../provider/handler.ts";
import { HalfMade } from "../../../provider/handler.ts";
import { hostIn } from "../safe-text.ts";
import { serverHealth } from "../health.ts";
import { putBack, takeOut } from "../rotation.ts";
import { runOnServer, serverFailure } from "./server-command.ts";
import type { ServerInputs } from "./types.ts";
import { wholeAccess, wholeRotation } from "./whole.ts";

/** A server that is being restarted may answer once more as what it was. */
const answersInARow = 2;
/** So often a server is asked before it is taken for sick. */
const looks = 3;

/** What no release's digest is: differs from the order, so that the next update looks after it. */
const unhealthy = "unhealthy";

export const serverHandler: ResourceHandler = {
  async create(inputs) {
    const order = orderIn(inputs);
    return { id: order.address, outputs: await fill(order, null) };
  },
  update: (inputs, former) => fill(orderIn(inputs), former["installed"]),
  async delete(state, note) {
    const order = orderIn(state);
    if (order.remove.length > 0) {
      await runOn(order, "remove");
      return;
    }
    const { address, color, version } = order;
    note?.(
      `${address} of ${color} goes on with ${version}: no bluegreen:proxy.colors.remove is set`,
    );
  },
  async read(state) {
    const order = orderIn(state);
    for (let look = 1; look <= looks; look += 1) {
      const { ready, reachable } = await serverHealth(order);
      if (ready === 1 || !reachable) return {};
      await sleep(order.health.intervalMs);
    }
    return { digest: unhealthy };
  },
};

function orderIn(properties: Properties): ServerInputs {
  const inputs = properties as unknown as ServerInputs;
  const { ssh, rotation } = inputs;
  return { ...inputs, ssh: wholeAccess(ssh), rotation: wholeRotation(rotation) };
}

/**
 * A server with this very release that is healthy is left alone. Any other gets no requests until
 * it is healthy, where its router can do that.
 */
async function fill(order: ServerInputs, installed: unknown): Promise<Properties> {
  if (installed === order.digest && (await serverHealth(order)).ready === 1) return { installed };
  try {
    const { rotation } = order;
    const isOut = rotation !== null && (await takeOut(rotation, order));
    await runOn(order, "install");
    await untilHealthy(order);
    if (isOut) await putBack(rotation, order);
  } catch (error) {
    if (error instanceof BlueGreenError) throw new HalfMade(order.address, error);
    throw error;
  }
  return { installed: order.digest };
}

/** @throws PROVISION_FAILED with the end of what the command said */
function runOn(order: ServerInputs, what: "install" | "remove"): Promise<void> {
  return runOnServer(order, { what, argv: filled(order, order[what]) });
}

/** The words of a command with what stands in braces filled in; `${port}` is left as it is. */
export function filled(
  { address, version, color }: Pick<ServerInputs, "address" | "version" | "color">,
  words: readonly string[],
): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    host: hostIn(address),
    port: address.slice(address.lastIndexOf(":") + 1),
    version,
    color,
  };
  return words.map((word) =>
    word.replaceAll(/(?<!\$)\{(host|port|version|color)\}/g, (_, name: string) => {
      return values[name] ?? "";
    }),
  );
}

async function untilHealthy(order: ServerInputs): Promise<void> {
  const { startMs, health } = order;
  const deadline = Date.now() + startMs;
  for (let inARow = 0; ;) {
    const { ready, problems } = await serverHealth(order);
    inARow = ready === 1 ? inARow + 1 : 0;
    if (inARow === answersInARow) return;
    if (Date.now() > deadline) {
      const what = `isn't healthy within ${startMs} ms after its installation`;
      throw serverFailure(order, what, "Look at its own log there.", problems);
    }
    await sleep(Math.min(health.intervalMs, 200));
  }
}
