/** What a color's stack remembers of having been shrunk or grown: a type, no I/O. */

/** A color that was shrunk while it was held, or has grown since. */
export interface HeldSize {
  /** The rollout whose hold it is. */
  readonly rolloutId: string;
  /** Number of instances before it was shrunk, or since it has grown again. */
  readonly full: number;
}
