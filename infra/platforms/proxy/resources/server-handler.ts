/** A machine of a color as the provider executable fills, looks at and leaves it. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import type { Properties, ResourceHandler } from "../../../provider/handler.ts";
import { HalfMade } from "../../../provider/handler.ts";
import type { Ran } from "../host.ts";
import { withHost } from "../hosts/index.ts";
import { hostIn } from "../safe-text.ts";
import { serverHealth } from "../health.ts";
import { putBack, takeOut } from "../rotation.ts";
import type { ServerInputs } from "./types.ts";
import { wholeAccess, wholeRotation } from "./whole.ts";

/** So many lines of what a command said are told when it fails. */
const shownLines = 20;
const lineMaxChars = 500;
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
  async delete(state) {
    const order = orderIn(state);
    if (order.remove.length > 0) {
      await runOn(order, "remove");
      return;
    }
    // The engine prints what its providers say here.
    const { address, color, version } = order;
    process.stderr.write(
      `${address} of ${color} goes on with ${version}: no bluegreen:proxy.colors.remove is set\n`,
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
async function runOn(order: ServerInputs, what: "install" | "remove"): Promise<void> {
  const argv = filled(order, order[what]);
  const { startMs: deadlineMs, cwd } = order;
  const options = order.ssh === null ? { deadlineMs, cwd } : { deadlineMs };
  const ran = await withHost(order.ssh, (host) => host.run(argv, options)).catch(
    (error: unknown) => {
      if (!(error instanceof BlueGreenError)) throw error;
      throw failure(order, `couldn't be reached for \`${what}\`: ${messageOf(error)}`, error.hint);
    },
  );
  if (ran.code === 0) return;
  throw failure(order, `${what} ${howItEnded(ran, order)}`, hintOf(ran, argv), linesOf(ran));
}

function howItEnded({ code, timedOut }: Ran, { startMs }: ServerInputs): string {
  if (timedOut) return `took more than ${startMs} ms (bluegreen:proxy.colors.start)`;
  return code === null ? "was ended by a signal" : `failed with exit code ${code}`;
}

function hintOf({ code }: Ran, [program = ""]: readonly string[]): string {
  return code === 127
    ? `${program} isn't there: set bluegreen:proxy.colors.install to what installs a release.`
    : "Mend it, then run the same command again: servers that are done are left alone.";
}

/** The end of what it said, as single lines that are safe to print. */
function linesOf({ stdout, stderr }: Ran): readonly string[] {
  const lines = `${stdout}\n${stderr}`.split("\n").map((line) => {
    // eslint-disable-next-line no-control-regex -- control characters are what is taken out
    return line.replaceAll(/[\u0000-\u001f\u007f]/g, " ").trimEnd();
  });
  const said = lines.filter((line) => line !== "");
  return said.slice(-shownLines).map((line) => line.slice(0, lineMaxChars));
}

function failure(
  { color, version, address }: ServerInputs,
  what: string,
  hint: string | undefined,
  details: readonly string[] = [],
): BlueGreenError {
  return new BlueGreenError("PROVISION_FAILED", `${color} ${version}, ${address}: ${what}`, {
    details,
    ...(hint === undefined ? {} : { hint }),
  });
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
      throw failure(order, what, "Look at its own log there.", problems);
    }
    await sleep(Math.min(health.intervalMs, 200));
  }
}
