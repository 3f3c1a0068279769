/** One TCP connection with a deadline: opened, something said, the beginning of an answer heard. */

import { connect } from "node:net";
import type { Socket } from "node:net";
import type { ProbeResult } from "../../infra/probe.ts";
import { unreachable, unreachableBy } from "../../infra/probe/failure.ts";
import { guardedLookup, refusalOf } from "../../infra/probe/refused-host.ts";

export interface Dialogue {
  readonly host: string;
  readonly port: number;
  /** Empty: nothing is said. */
  readonly send: string;
  /** How an answer must begin; empty: none is waited for. */
  readonly expect: string;
  /** Milliseconds for everything. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type DialogueResult =
  | {
      readonly kind: "talked";
      /** The beginning of the answer. */
      readonly heard: string;
      readonly asExpected: boolean;
      /** Why no more was heard. */
      readonly ended: "enough" | "closed" | "timeout";
    }
  | Exclude<ProbeResult, { kind: "answered" }>;

/** Bytes that are kept of an answer, if not more are expected. */
const minKept = 200;

/** Never rejects. */
export function talk(dialogue: Dialogue): Promise<DialogueResult> {
  const refusal = refusalOf(dialogue.host);
  if (refusal !== null) return Promise.resolve(unreachable("nothing", refusal));
  const { host, port } = dialogue;
  return converse(connect({ host, port, lookup: guardedLookup }), dialogue);
}

function converse(socket: Socket, { send, expect, timeoutMs, signal }: Dialogue) {
  const { promise, resolve } = Promise.withResolvers<DialogueResult>();
  const started = performance.now();
  const expected = Buffer.from(expect);
  const kept = Math.max(expected.length, minKept);
  let heard = Buffer.alloc(0);
  let connected = false;
  const settle = (result: DialogueResult) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    resolve(result);
    socket.destroy();
  };
  const end = (ended: "enough" | "closed" | "timeout") => {
    const asExpected = heard.subarray(0, expected.length).equals(expected);
    settle({ kind: "talked", heard: heard.toString(), asExpected, ended });
  };
  const giveUp = () => {
    if (connected) end("timeout");
    else settle({ kind: "timeout", connected, ms: Math.round(performance.now() - started) });
  };
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  socket.on("connect", () => {
    connected = true;
    socket.write(send, () => {
      if (expected.length === 0) end("enough");
    });
  });
  socket.on("data", (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]).subarray(0, kept);
    const begun = heard.subarray(0, expected.length);
    const differs = !expected.subarray(0, begun.length).equals(begun);
    if (differs || begun.length === expected.length) end("enough");
  });
  socket.on("end", () => {
    end("closed");
  });
  // Errors after the result end here as well.
  socket.on("error", (error) => {
    settle(unreachableBy(error));
  });
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  return promise;
}
