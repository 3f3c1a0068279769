/** Which requests go to which color: shares in percent, and cohorts whose place doesn't hang on them. */

import type { Color, PerColor } from "./colors.ts";

/** Requests that the value of a header, or of a cookie, tells from all others. */
export interface Cohort {
  readonly kind: "header" | "cookie";
  /** A header's in lower case; a cookie's as it is. */
  readonly name: string;
  /** Compared as it is sent. */
  readonly value: string;
}

/** Cohorts that go to one color, whatever its share. */
export interface Cohorts {
  readonly color: Color;
  /** In the order in which they came; never empty. */
  readonly groups: readonly Cohort[];
}

/** Shares of new requests in percent; they sum to 100, or to 0 while the router is inactive. */
export interface Weights extends PerColor<number> {
  /** Of whose requests the shares say nothing; absent: of nobody's. */
  readonly cohorts?: Cohorts | undefined;
}

/** All traffic to one color, or none at all. */
export function weightsOf(active: Color | null): Weights {
  return { blue: active === "blue" ? 100 : 0, green: active === "green" ? 100 : 0 };
}

/** The color with more than half of the shares; null while inactive and on an even split. */
export function activeOf(weights: Weights): Color | null {
  if (weights.blue > weights.green) return "blue";
  return weights.green > weights.blue ? "green" : null;
}

/** True where a request can reach the color: it has a share, or a cohort. */
export function isServed(weights: Weights, color: Color): boolean {
  return weights[color] > 0 || weights.cohorts?.color === color;
}

/** True where no request can reach another color. */
export function hasAll({ cohorts, ...shares }: Weights, color: Color): boolean {
  return shares[color] === 100 && (cohorts === undefined || cohorts.color === color);
}

/** The cohorts that go to a color. */
export function groupsOf({ cohorts }: Weights, color: Color): readonly Cohort[] {
  return cohorts?.color === color ? cohorts.groups : [];
}

export function sameCohort(a: Cohort, b: Cohort): boolean {
  return a.kind === b.kind && a.name === b.name && a.value === b.value;
}

/** True where each of `some` is among `all`. */
export function areAmong(some: readonly Cohort[], all: readonly Cohort[]): boolean {
  return some.every((each) => all.some((other) => sameCohort(each, other)));
}

export function sameWeights(a: Weights, b: Weights): boolean {
  if (a.blue !== b.blue || a.green !== b.green) return false;
  const [one, other] = [a.cohorts, b.cohorts];
  if (one === undefined || other === undefined) return one === other;
  const sameLength = one.groups.length === other.groups.length;
  return one.color === other.color && sameLength && areAmong(one.groups, other.groups);
}

export function formatWeights(weights: Weights): string {
  const { blue, green, cohorts } = weights;
  const shares = `blue ${blue} / green ${green}`;
  return cohorts ? `${shares}, ${formatCohorts(cohorts.groups)} to ${cohorts.color}` : shares;
}

/** `header x-beta: yes and cookie team=qa`. */
export function formatCohorts(groups: readonly Cohort[]): string {
  return groups.map(formatCohort).join(" and ");
}

function formatCohort({ kind, name, value }: Cohort): string {
  return kind === "header" ? `header ${name}: ${value}` : `cookie ${name}=${value}`;
}

/** What a color has, in words: `10 %`, `header x-beta: yes`, or both. */
export function formatShare(weights: Weights, color: Color): string {
  const groups = groupsOf(weights, color);
  if (groups.length === 0) return `${weights[color]} %`;
  const cohorts = formatCohorts(groups);
  return weights[color] === 0 ? cohorts : `${weights[color]} % and ${cohorts}`;
}
