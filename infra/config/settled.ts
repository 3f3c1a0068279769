/** Turns parsed fields into settings: durations become milliseconds under a name with its unit. */

import { Duration } from "../duration.ts";

/** The type of `settle`'s result: `timeout: Duration` becomes `timeoutMs: number`, all readonly. */
export type Settled<T> = T extends Duration
  ? number
  : T extends readonly (infer E)[]
    ? readonly Settled<E>[]
    : T extends object
      ? { readonly [K in keyof T as SettledName<K, T[K]>]: Settled<T[K]> }
      : T;

type SettledName<K extends PropertyKey, V> = V extends Duration
  ? K extends string
    ? `${K}Ms`
    : never
  : K;

export function settle<T>(value: T): Settled<T> {
  return settleAny(value) as Settled<T>;
}

function settleAny(value: unknown): unknown {
  if (value instanceof Duration) return value.ms;
  if (Array.isArray(value)) return value.map(settleAny);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      inner instanceof Duration ? `${key}Ms` : key,
      settleAny(inner),
    ]),
  );
}
