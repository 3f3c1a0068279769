/** The part of a watch that requests of our own have: when they are sent, and what they count for. */

import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import { colors, otherColor, perColor } from "../../infra/model.ts";
import type { Color, RouterReading } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Event } from "../event.ts";
import { plus } from "../rollout/counts.ts";
import type { Counts } from "../rollout/counts.ts";
import type { Seen } from "../rollout/metrics.ts";
import { noOwn, ownOf } from "../rollout/own-requests.ts";
import type { OwnCount, Routed } from "../rollout/own-requests.ts";
import { usersAlone } from "../rollout/users.ts";
import type { UsersSoFar } from "../rollout/users.ts";
import { sendsOn, syntheticSentence, withSynthetic } from "../rollout/synthetic.ts";

/** What is judged with the help of our own requests. */
export interface Watched {
  readonly color: Color;
  /** The color that the preview header asks; null: there is none. */
  readonly former: Color | null;
  /** True where the color has all traffic. */
  readonly alone: boolean;
  /**
   * Default true; false: the preview header asks the former color only once the other one fails, as
   * each request counts as one that reached it.
   */
  readonly previews?: boolean;
  /** Where the router serves. */
  readonly url?: string;
}

/** Requests of our own, as far as a judge steers them. */
export interface OwnRequests {
  /** From now on they are the judge's; what was sent before isn't counted. */
  begin(watched: Watched): Promise<void>;
  send(sends: boolean): void;
  /** Since `begin`. */
  ended(): Promise<OwnCount>;
  /** As around a switch again. */
  end(): void;
}

export interface OwnSamplesOptions {
  readonly settings: Pick<Settings, "bake">;
  readonly clock: Clock;
  readonly on: (event: Event) => void;
  /** Absent: none are sent, and none are told of. */
  readonly own?: OwnRequests | undefined;
}

/** Longest time that it is judged. */
interface Lasting {
  readonly durationMs: number;
}

/** What a look has seen of the color that is judged. */
export interface Looked {
  readonly requests: number;
  readonly needed: number;
  /** Our own requests, which go on where they fail oftener than may be, however many users there are. */
  readonly own?: { readonly isHigh: boolean } | null;
}

export class OwnSamples {
  private readonly options: OwnSamplesOptions;
  private readonly watched: Watched;
  private readonly durationMs: number;
  /** True where the router counted nothing at the beginning: then our own answers are the samples. */
  private readonly blind: boolean;
  private startMs = 0;
  private first: number | null = null;
  private count: OwnCount | null = null;
  private sends = true;
  private told: boolean | null = null;
  private readonly users: Record<Color, UsersSoFar | null> = { blue: null, green: null };

  constructor(
    options: OwnSamplesOptions,
    view: Observed,
    { durationMs, ...judged }: Pick<Watched, "color" | "alone" | "previews"> & Lasting,
  ) {
    const { record, reading } = view;
    const { former = otherColor(judged.color), baseline = null } = record.rollout ?? {};
    const { url } = reading;
    this.options = options;
    this.durationMs = durationMs;
    this.watched = { ...judged, former, ...(url !== undefined && { url }) };
    this.blind = baseline === null && reading.traffic.kind === "unknown";
  }

  async begin(): Promise<void> {
    this.startMs = this.options.clock.now();
    await this.options.own?.begin(this.watched);
  }

  end(): void {
    this.options.own?.end();
  }

  /** The reading, with our own answers in it where the router doesn't count. */
  async completed(reading: RouterReading): Promise<RouterReading> {
    const { own, settings } = this.options;
    if (!own) return reading;
    this.count = await own.ended();
    if (!settings.bake.synthetic.enabled || reading.weights === null) return reading;
    if (!this.blind) {
      this.countUsers(reading);
      return reading;
    }
    const counted = perColor((color) => this.countOf(color));
    const colors = perColor((color) => {
      const { bad, total } = counted[color];
      return { requests: total, errors: bad, open: 0, lastRequestAt: null };
    });
    return { ...reading, traffic: { kind: "counted", colors } };
  }

  /** What users alone were answered by a color since the first look; null: that isn't told apart. */
  usersOf(color: Color): Counts | null {
    return this.users[color]?.users ?? null;
  }

  /**
   * Our own requests to a color that has all traffic: what it left unanswered counts, too, which not
   * every router does. Where two colors share it, nobody can tell which of them that was meant for, so
   * steps are judged by the routers' counters alone; where these count nothing, ours are all there is.
   */
  ownSeen(): Pick<Seen, "own"> {
    const { color, alone } = this.watched;
    const { settings } = this.options;
    if (!this.count || !alone || this.blind || !settings.bake.synthetic.enabled) return {};
    const { total, bad } = ownOf(this.count, color);
    return { own: [total, bad] };
  }

  /** The same of the color that is judged, as a reading has it. */
  usersSeen(): Pick<Seen, "users"> {
    const users = this.usersOf(this.watched.color);
    return users ? { users: [users.total, users.bad] } : {};
  }

  /** Our own requests that the color which is judged has answered well; null: none are sent. */
  answered(): number | null {
    const { own, settings } = this.options;
    if (!own || !settings.bake.synthetic.enabled) return null;
    const { bad, total } = this.countOf(this.watched.color);
    return total - bad;
  }

  /** After a look: goes on sending or rests. @returns the sentence with the synthetic ones told */
  after(looked: Looked, sentence: string): string {
    if (!this.count) return sentence;
    const synthetic = this.countOf(this.watched.color).total;
    this.steer(looked, synthetic);
    return withSynthetic(sentence, { requests: looked.requests, synthetic });
  }

  /** What nobody has signed may be of the color that is judged: then it is no error of its users. */
  private countUsers({ traffic }: RouterReading): void {
    if (traffic.kind === "unknown" || !this.count) return;
    const { routed } = this.count;
    for (const color of colors) {
      const { requests, errors } = traffic.colors[color];
      const own =
        color === this.watched.color ? both(routed[color], routed.unnamed) : routed[color];
      const counted = { bad: errors, total: requests };
      this.users[color] = usersAlone(this.users[color], { counted, own });
    }
  }

  private steer({ requests, needed, own: judged }: Looked, synthetic: number): void {
    const { clock, own, settings } = this.options;
    const { synthetic: rules, intervalMs } = settings.bake;
    const elapsedMs = clock.now() - this.startMs;
    this.first ??= Math.max(0, requests - synthetic);
    if (elapsedMs < intervalMs / 2 || !rules.enabled) return;
    const users = this.blind ? 0 : Math.max(0, requests - synthetic - this.first);
    const { durationMs, sends } = this;
    const wanted = sendsOn({ users, needed, elapsedMs, durationMs, sends });
    this.sends = wanted || judged?.isHigh === true;
    if (this.sends !== sends) own?.send(this.sends);
    this.tell();
  }

  private tell(): void {
    if (this.told === this.sends) return;
    const before = this.told;
    this.told = this.sends;
    const sentence = this.sends ? syntheticSentence(this.options.settings.bake.synthetic) : null;
    const rests =
      before === null ? null : "users' requests suffice now: no synthetic ones are sent";
    const told = sentence ?? rests;
    if (told !== null) this.options.on({ kind: "Noted", sentence: told });
  }

  private countOf(color: Color): Counts {
    const { served, unnamed } = this.count ?? noOwn;
    if (!this.watched.alone || color !== this.watched.color) return served[color];
    // It has all traffic, so what nobody has signed was meant for it.
    return plus(served[color], unnamed);
  }
}

function both(one: Routed, other: Routed): Routed {
  return { sure: plus(one.sure, other.sure), unsure: plus(one.unsure, other.unsure) };
}
