/** Who does something, and when: as records have it. */

/** A moment as an ISO 8601 string in UTC, so that records read well in `pulumi stack output`. */
export type Instant = string;

/** Whoever runs a rollout: enough to tell on the same host whether it is still alive. */
export interface Owner {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Start of that process, and its pid namespace: a pid alone may be reused, or another's. */
  readonly started: string;
}
