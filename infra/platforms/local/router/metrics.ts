/** Writes a router's status as Prometheus text. PURE. */

import { colors } from "../../../model.ts";
import type { RouterStatus, TrafficStatus } from "./protocol.ts";

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly suffix?: string;
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The text exposition format, version 0.0.4. */
export function formatMetrics(status: RouterStatus): string {
  return [...trafficMetrics(status), ...routerMetrics(status)].map(formatMetric).join("");
}

function trafficMetrics(status: RouterStatus): Metric[] {
  const each = (value: (traffic: TrafficStatus) => number): Sample[] =>
    eachTraffic(status).map(({ labels, traffic }) => ({ labels, value: value(traffic) }));
  return [
    {
      name: "bluegreen_requests_total",
      type: "counter",
      help: "Requests whose fate is known.",
      samples: each((traffic) => traffic.requests),
    },
    {
      name: "bluegreen_errors_total",
      type: "counter",
      help: "Replies with status 5xx, and requests without a whole reply, or none in time.",
      samples: each((traffic) => traffic.errors),
    },
    {
      name: "bluegreen_abandoned_total",
      type: "counter",
      help: "Requests whose client left before a reply without having waited for long.",
      samples: each((traffic) => traffic.abandoned),
    },
    {
      name: "bluegreen_open",
      type: "gauge",
      help: "Requests in flight and open upgraded connections.",
      samples: each((traffic) => traffic.open),
    },
    {
      name: "bluegreen_upgraded",
      type: "gauge",
      help: "Open upgraded connections.",
      samples: each((traffic) => traffic.upgraded),
    },
    {
      name: "bluegreen_last_request_timestamp_seconds",
      type: "gauge",
      help: "When the last request arrived; 0 when none has.",
      samples: each((traffic) => Date.parse(traffic.lastRequestAt ?? "1970-01-01") / 1000),
    },
    {
      name: "bluegreen_latency_seconds",
      type: "histogram",
      help: "Time from a request's head to its reply's head.",
      samples: eachTraffic(status).flatMap(({ labels, traffic }) => histogram(labels, traffic)),
    },
  ];
}

function routerMetrics(status: RouterStatus): Metric[] {
  const { routes } = status;
  const gauge = (name: string, help: string, samples: Sample[]): Metric => ({
    name,
    help,
    type: "gauge",
    samples,
  });
  return [
    gauge(
      "bluegreen_weight_percent",
      "Share of new requests.",
      colors.map((color) => ({ labels: { color }, value: routes.weights[color] })),
    ),
    gauge(
      "bluegreen_instances",
      "Attached instances.",
      colors.map((color) => ({ labels: { color }, value: routes.attached[color].length })),
    ),
    gauge("bluegreen_generation", "Generation of the routes in force.", [
      { labels: {}, value: routes.generation },
    ]),
    gauge("bluegreen_start_timestamp_seconds", "When the counters started.", [
      { labels: {}, value: Date.parse(status.startedAt) / 1000 },
    ]),
    gauge("bluegreen_problems", "Problems of the router itself.", [
      { labels: {}, value: status.problems.length },
    ]),
    {
      name: "bluegreen_unrouted_total",
      type: "counter",
      help: "Requests answered 503 because no color took them.",
      samples: [{ labels: {}, value: status.unrouted }],
    },
    gauge("bluegreen_waiting", "Requests that wait while a switch pauses them.", [
      { labels: {}, value: status.waiting },
    ]),
  ];
}

function eachTraffic(status: RouterStatus) {
  return colors.flatMap((color) =>
    (["live", "preview"] as const).map((kind) => ({
      labels: { color, kind },
      traffic: status.colors[color][kind],
    })),
  );
}

function histogram(labels: Sample["labels"], traffic: TrafficStatus): Sample[] {
  const { boundsMs, counts, sumMs } = traffic.latency;
  let total = 0;
  const buckets = counts.map((count, index): Sample => {
    total += count;
    const bound = boundsMs[index];
    const le = bound === undefined ? "+Inf" : String(bound / 1000);
    return { suffix: "_bucket", labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels, value: sumMs / 1000 },
    { suffix: "_count", labels, value: total },
  ];
}

function formatMetric(metric: Metric): string {
  const lines = metric.samples.map(({ labels, value, suffix = "" }) => {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
    const braces = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    return `${metric.name}${suffix}${braces} ${value}\n`;
  });
  const { name, help, type } = metric;
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
