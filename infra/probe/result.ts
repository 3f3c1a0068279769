/** What a probe found, and how that reads as a sentence. */

import { colorHeader } from "../headers.ts";
import { isColor } from "../model.ts";
import type { Color } from "../model.ts";

/** How far an exchange came that ended without an answer. */
export type Reached =
  /** It couldn't be sent: the URL or a header isn't valid. */
  | "nothing"
  /** The name doesn't resolve, or no route leads to the host from here. */
  | "network"
  /** The host refused the connection. */
  | "host"
  /** The server took the connection, but what came back is no HTTP answer. */
  | "server";

export type ProbeResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** True when `status` is one of the request's `statuses`. */
      readonly allowed: boolean;
      /** By lower-case name, without cookies. */
      readonly headers: Readonly<Record<string, string>>;
      /** UTF-8 text, cut at the request's `bodyCap`. */
      readonly body: string;
      readonly truncated: boolean;
      readonly ms: number;
    }
  | {
      readonly kind: "unreachable";
      readonly reached: Reached;
      readonly reason: string;
      /** Those of an answer that broke off; absent: none had come. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** `connected` tells a silent server from a packet that got lost on the way. */
  | {
      readonly kind: "timeout";
      readonly connected: boolean;
      readonly ms: number;
      /** Those of an answer that didn't end in time; absent: none had come. */
      readonly headers?: Readonly<Record<string, string>>;
    };

/** True where the server answered, and not with an error of its own (status 5xx). */
export function isGood(result: ProbeResult): boolean {
  return result.kind === "answered" && result.status < 500;
}

/** The color that answered, also one whose answer broke off; null: none is named. */
export function colorOf({ headers = {} }: ProbeResult): Color | null {
  const color = headers[colorHeader];
  return isColor(color) ? color : null;
}

/** True when the result says something about the way from here, and nothing about the instance. */
export function isElsewhere(result: ProbeResult, target: { readonly loopback: boolean }): boolean {
  if (target.loopback || result.kind === "answered") return false;
  return result.kind === "timeout" ? !result.connected : result.reached === "network";
}

/** For example "127.0.0.1:4001 GET /healthz answered 302, 200 expected". */
export function sentenceOf(
  asked: {
    readonly where: string;
    /** Default GET. */
    readonly method?: string;
    readonly path: string;
    readonly statuses: readonly (number | string)[];
  },
  result: ProbeResult,
): string {
  const subject = `${asked.where} ${asked.method ?? "GET"} ${asked.path}`;
  if (result.kind === "unreachable") return `${subject} got no answer: ${result.reason}`;
  if (result.kind === "timeout") {
    const stage = result.connected ? "" : "no connection, ";
    return `${subject} got no answer: ${stage}gave up after ${result.ms} ms`;
  }
  const answered = `${subject} answered ${result.status}`;
  return result.allowed ? answered : `${answered}, ${asked.statuses.join(" or ")} expected`;
}
