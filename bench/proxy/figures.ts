/** What was counted and timed for one way of moving traffic. Pure. */

import { followed, isNear, latencies, problemsOf } from "../aftermath.ts";
import type { Flip } from "../aftermath.ts";
import type { ClientResult } from "../client-facts.ts";
import { spreadOf, upperPerMillion } from "../statistics.ts";
import type { Spread } from "../statistics.ts";

/** One stretch of load on one way; ways take turns, so each has several. */
export interface Stretch {
  readonly flips: readonly Flip[];
  /** Requests before this moment are counted, but are no part of the latencies. */
  readonly warmAt: number;
  readonly client: ClientResult;
}

/** Times in milliseconds. */
export interface Figures {
  readonly switches: number;
  readonly sent: number;
  readonly perSecond: number;
  /** Due but not sent, as too many were unanswered. */
  readonly unsent: number;
  readonly failed: number;
  readonly failedPosts: number;
  /** Failed though sent further than `aroundMs` from any switch. */
  readonly failedAway: number;
  readonly perMillion: number;
  /** One-sided 95 % bound. */
  readonly perMillionBelow: number;
  readonly socketsBroken: number;
  readonly textsSent: number;
  readonly textsLost: number;
  readonly call: Spread;
  /** From the begin of the call; 0 where the former color had answered everything before. */
  readonly lastReply: Spread;
  /** Requests sent after the call had returned that the former color answered. */
  readonly late: number;
  /** Switches after which the new color answered nothing before the next one. */
  readonly notFollowed: number;
  readonly around: Spread;
  readonly steady: Spread;
  /** Kinds of failures with their numbers. */
  readonly problems: readonly string[];
}

/** So far before and after a switch, a request counts as around it. */
export const aroundMs = 250;

/** @throws RangeError without a switch, or without a request around one and away from one */
export function figuresOf(stretches: readonly Stretch[]): Figures {
  const flips = stretches.flatMap((each) => each.flips);
  const samples = stretches.flatMap(({ client }) => client.samples);
  const failures = samples.filter(({ problem }) => problem !== null);
  const after = stretches.flatMap(aftermaths);
  const latency = latenciesOf(stretches);
  const sum = (of: (client: ClientResult) => number): number =>
    stretches.reduce((total, { client }) => total + of(client), 0);
  return {
    switches: flips.length,
    sent: samples.length,
    perSecond: (samples.length / sum(lengthOf)) * 1_000,
    unsent: sum(({ unsent }) => unsent),
    failed: failures.length,
    failedPosts: failures.filter(({ post }) => post).length,
    failedAway: failures.filter((sample) => !isNear(flips, sample, aroundMs)).length,
    perMillion: (failures.length / samples.length) * 1e6,
    perMillionBelow: upperPerMillion(failures.length, samples.length),
    socketsBroken: sum(({ sockets }) => sockets.closed),
    textsSent: sum(({ sockets }) => sockets.sent),
    textsLost: sum(({ sockets }) => sockets.lost),
    call: spreadOf(flips.map(({ calledAt, returnedAt }) => returnedAt - calledAt)),
    lastReply: spreadOf(after.map(({ lastReplyMs }) => lastReplyMs)),
    late: after.reduce((total, { late }) => total + late, 0),
    notFollowed: after.filter(({ isFollowed }) => !isFollowed).length,
    around: spreadOf(latency.around),
    steady: spreadOf(latency.steady),
    problems: problemsOf(samples),
  };
}

/** From the first request to the last one; samples are in the order of their ends. */
function lengthOf({ samples }: ClientResult): number {
  const begins = samples.map(({ startedAt }) => startedAt);
  return (
    begins.reduce((a, b) => Math.max(a, b), 0) - begins.reduce((a, b) => Math.min(a, b), Infinity)
  );
}

function aftermaths({ flips, client }: Stretch) {
  return flips.map((flip, index) => {
    const nextFlipAt = flips[index + 1]?.calledAt ?? Infinity;
    const { lastReplyAt, late, isFollowed } = followed(flip, nextFlipAt, client.samples);
    return { late, isFollowed, lastReplyMs: (lastReplyAt ?? flip.calledAt) - flip.calledAt };
  });
}

function latenciesOf(stretches: readonly Stretch[]) {
  const parts = stretches.map(({ flips, warmAt, client }) => {
    const samples = client.samples.filter(
      ({ startedAt, problem }) => startedAt > warmAt && problem === null,
    );
    return latencies(flips, samples, aroundMs);
  });
  return {
    around: parts.flatMap(({ around }) => around),
    steady: parts.flatMap(({ steady }) => steady),
  };
}
