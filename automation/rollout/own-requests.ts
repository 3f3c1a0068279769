/** What became of our own requests, and what of it says something of a color; pure. */

import type { Color, PerColor } from "../../infra/model.ts";
import { noCounts, plus } from "./counts.ts";
import type { Counts } from "./counts.ts";

/** How one of them ended. */
export type Ending =
  /** By a whole answer, good or bad. */
  | "answered"
  /** In the middle of an answer. */
  | "broken off"
  /** Somebody took it, and no answer came. */
  | "silent"
  /** Nobody took it: that is of the way from here, or of the router. */
  | "unreached"
  /** Badly, while our own process or its machine stood still: that is of ourselves. */
  | "spoiled";

/** Who answered: a color, or somebody who didn't say which. */
export type Signer = Color | "unnamed";

/** What a router counts of them, sooner or later. */
export interface Routed {
  readonly sure: Counts;
  /** What not every router counts: requests without an answer, errors of one that broke off. */
  readonly unsure: Counts;
}

/** How our own requests ended. */
export interface OwnCount {
  /** By the color that answered. */
  readonly served: PerColor<Counts>;
  /** Without the name of a color. */
  readonly unnamed: Counts;
  /** Of the unnamed, those that nobody took; all of them bad. */
  readonly unreached: number;
  readonly routed: Readonly<Record<Signer, Routed>>;
}

const notRouted: Routed = { sure: noCounts, unsure: noCounts };

export const noOwn: OwnCount = {
  served: { blue: noCounts, green: noCounts },
  unnamed: noCounts,
  unreached: 0,
  routed: { blue: notRouted, green: notRouted, unnamed: notRouted },
};

/** What a request of our own is by its end: evidence, and what a router makes of it. */
export interface Ended {
  readonly by: Signer;
  readonly ending: Ending;
  readonly bad: boolean;
}

export function withEnded(count: OwnCount, { by, ending, bad }: Ended): OwnCount {
  const { sure, unsure } = count.routed[by];
  const [certain, doubtful] = routedBy(ending, bad);
  const routed = {
    ...count.routed,
    [by]: { sure: plus(sure, certain), unsure: plus(unsure, doubtful) },
  };
  if (ending === "spoiled") return { ...count, routed };
  const one = { bad: bad ? 1 : 0, total: 1 };
  const unreached = count.unreached + (ending === "unreached" ? 1 : 0);
  if (by === "unnamed") {
    return { ...count, routed, unreached, unnamed: plus(count.unnamed, one) };
  }
  const served = { ...count.served, [by]: plus(count.served[by], one) };
  return { ...count, routed, unreached, served };
}

/** Surely counted by a router, and perhaps. */
function routedBy(ending: Ending, bad: boolean): readonly [sure: Counts, unsure: Counts] {
  switch (ending) {
    case "answered":
      return [{ bad: bad ? 1 : 0, total: 1 }, noCounts];
    case "broken off":
      return [
        { bad: 0, total: 1 },
        { bad: 1, total: 0 },
      ];
    case "silent":
    case "spoiled":
      return [noCounts, { bad: 1, total: 1 }];
    case "unreached":
      return [noCounts, noCounts];
  }
}

/** What is evidence for or against a color that has all traffic: all that was taken was meant for it. */
export function ownOf({ served, unnamed, unreached }: OwnCount, color: Color): Counts {
  const { bad, total } = plus(served[color], unnamed);
  return { bad: bad - unreached, total: total - unreached };
}
