/** Asking over HTTP what instances and routers answer: results are data, nothing here throws. */

export type { ProbeConnection } from "./probe/connection.ts";
export { keepConnection } from "./probe/connection.ts";
export { probe } from "./probe/exchange.ts";
export type { ProbeRequest } from "./probe/exchange.ts";
export { probeHealth } from "./probe/health.ts";
export type { HealthProbe } from "./probe/health.ts";
export { colorOf, isGood, isElsewhere, sentenceOf } from "./probe/result.ts";
export type { ProbeResult } from "./probe/result.ts";
export { verifyServed } from "./probe/served.ts";
export type { ClearFailure, ServedAnswers, ServedRequest, ServedResult } from "./probe/served.ts";
export { versionIn } from "./probe/version.ts";
export type { VersionSource } from "./probe/version.ts";
