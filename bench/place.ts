/** A router with two instances behind it, all in processes of their own, in a temporary folder. */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Color } from "../infra/model.ts";
import { weightsOf } from "../infra/model.ts";
import { setRoutes, startRouter, stopRouter } from "../infra/platforms/local/router/client.ts";
import { Child } from "./child.ts";
import type { ClientOrder, ClientResult } from "./client-facts.ts";
import type { Origins } from "./origin.ts";

const answerMs = 10_000;

export interface Place {
  /** Public address of the router. */
  readonly url: string;
  /** Address of an instance, past the router. */
  readonly direct: string;
  /** All traffic to this color, by the same call that an update makes. */
  flip(color: Color, generation: number): Promise<void>;
  end(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-bench-")));
  const dir = join(root, "router");
  const origin = new Child("./origin.ts");
  const end = async (): Promise<void> => {
    origin.end();
    await stopRouter(dir);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const { blue, green } = await origin.ask<Origins>({}, answerMs);
    const attached = { blue: [blue], green: [green] };
    const settings = { drainMs: 60_000, accessLog: false, pauseMs: 0, sticky: false };
    const { listen } = await startRouter({
      dir,
      host: "127.0.0.1",
      port: 0,
      tls: null,
      ...settings,
    });
    const flip = async (color: Color, generation: number): Promise<void> => {
      const weights = weightsOf(color);
      await setRoutes(dir, {
        weights,
        attached,
        generation,
        rolloutId: "bench",
        mark: null,
        former: null,
      });
    };
    await flip("blue", 1);
    return { url: `http://127.0.0.1:${listen.port}`, direct: `http://${blue}`, flip, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Runs the work under a load from another process. */
export async function withLoad(
  order: ClientOrder,
  work: () => Promise<void>,
): Promise<ClientResult> {
  const client = new Child("./client.ts");
  try {
    await client.ask({ kind: "start", order }, answerMs);
    await work();
    return await client.ask<ClientResult>({ kind: "stop" }, 3 * answerMs);
  } finally {
    client.end();
  }
}
