/** The constant low-rate probe around a switch, which sends a judge's synthetic requests as well. */

import type { Settings } from "../../infra/config.ts";
import { previewHeader } from "../../infra/headers.ts";
import { perColor } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import { colorOf, isGood, probe } from "../../infra/probe.ts";
import { startProber } from "../adapters/prober.ts";
import type { Course, ProbeCount, Prober } from "../adapters/prober.ts";
import type { Event, ProbeSummary } from "../event.ts";
import { plus } from "../rollout/counts.ts";
import type { Counts } from "../rollout/counts.ts";
import { failsAsWell } from "../rollout/shared-outage.ts";
import type { Failing, PathOutcome } from "../rollout/shared-outage.ts";
import { noOwn } from "../rollout/own-requests.ts";
import type { OwnCount } from "../rollout/own-requests.ts";
import type { OwnRequests, Watched } from "./own-samples.ts";

export interface SwitchProbeOptions {
  readonly settings: Pick<Settings, "probe" | "bake">;
  /** Public address of the router, where it doesn't say its own. */
  readonly url: string;
}

/** On each path at once, when it matters whether the former color fails. */
const asksPerPath = 5;
/** More would delay a way back. */
const maxAskedPaths = 5;

export class SwitchProbe implements OwnRequests {
  private readonly options: SwitchProbeOptions;
  private prober: Prober | null = null;
  private url: string;
  private watched: Watched | null = null;
  private own: OwnCount = noOwn;

  constructor(options: SwitchProbeOptions) {
    this.options = options;
    this.url = options.url;
  }

  /**
   * Counts from now on, where the router serves; before a first release nothing is to count.
   * @param path what it asks for until it is steered; default: `probe.path`
   */
  async start(
    former: Color | null,
    at: string = this.options.url,
    path: string = this.options.settings.probe.path,
  ): Promise<void> {
    if (this.prober) return;
    const { ratePerSecond, timeoutMs } = this.options.settings.probe;
    const preview = former ? { alsoPreview: former } : {};
    this.url = at;
    this.prober = startProber({ url: at, path, ratePerSecond, timeoutMs, ...preview });
    await this.prober.snapshot();
  }

  async begin(watched: Watched): Promise<void> {
    const { enabled, paths } = this.options.settings.bake.synthetic;
    const [first] = enabled ? paths : [];
    await this.start(watched.previews === false ? null : watched.former, watched.url, first);
    this.watched = watched;
    this.own = noOwn;
    this.prober?.mark();
    this.send(true);
  }

  send(sends: boolean): void {
    const { enabled, paths, ratePerSecond } = this.options.settings.bake.synthetic;
    const usual = this.usualCourse();
    this.prober?.steer(enabled ? { paths, ratePerSecond, sends } : { ...usual, sends: false });
  }

  async ended(): Promise<OwnCount> {
    const count = await this.prober?.snapshot();
    // One that broke down, or doesn't answer in time, says nothing new of anybody but itself.
    if (count?.broken === null) this.own = count.own;
    return this.own;
  }

  end(): void {
    this.watched = null;
    this.prober?.steer(this.usualCourse());
  }

  /** By what it answered of late, and by asking it once more, there and then. */
  async formerFails(failing: Failing): Promise<boolean> {
    const { watched } = this;
    const count = await this.prober?.snapshot();
    if (!watched?.former || !count) return false;
    const late = count.recent.map((each) => outcomeOf(each, watched));
    if (failsAsWell(late, failing)) return true;
    const { former } = watched;
    const asked = await Promise.all(
      late.slice(0, maxAskedPaths).map(async ({ path, own }) => {
        return { path, own, former: await this.ask(path, former) };
      }),
    );
    return failsAsWell(asked, failing);
  }

  /** Whether the public address answers now: asked there and then, as the probe may be at rest. */
  async answers(): Promise<boolean> {
    const { path, timeoutMs } = this.options.settings.probe;
    const result = await probe({ url: this.url, path, headers: {}, timeoutMs });
    return isGood(result);
  }

  async stop(on: (event: Event) => void): Promise<void> {
    const count = await this.prober?.stop();
    if (count) on({ kind: "Probed", probe: summaryOf(count) });
    this.prober = null;
  }

  private usualCourse(): Course {
    const { path, ratePerSecond } = this.options.settings.probe;
    return { paths: [path], ratePerSecond, sends: true };
  }

  private async ask(path: string, former: Color): Promise<Counts> {
    const { timeoutMs } = this.options.settings.probe;
    const headers = { [previewHeader]: former };
    const results = await Promise.all(
      Array.from({ length: asksPerPath }, () => probe({ url: this.url, path, headers, timeoutMs })),
    );
    // What another color answered says nothing about this one.
    const own = results.filter((result) => (colorOf(result) ?? former) === former);
    const bad = own.filter((result) => !isGood(result));
    return { bad: bad.length, total: own.length };
  }
}

/** Where the color has all traffic, what no color has signed was meant for it. */
function outcomeOf(
  { path, served, unnamed, previewed }: ProbeCount["recent"][number],
  { color, alone }: Watched,
): PathOutcome {
  const own = served[color];
  return { path, own: alone ? plus(own, unnamed) : own, former: previewed };
}

/** What the report says of the probe, its own troubles included. */
export function summaryOf(count: ProbeCount): ProbeSummary {
  const { sent, failed, longestGapMs, byColor, skipped, pending, broken } = count;
  const answered = perColor((color) => byColor[color]);
  const [first] = count.failures;
  const why = first && { firstFailure: first };
  return { sent, failed, longestGapMs, byColor: answered, skipped, pending, broken, ...why };
}
