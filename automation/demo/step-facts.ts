/** What a step of the demo says of itself: its words, and the traffic that it must show. */

export interface StepFacts {
  /** Its row in the table. */
  readonly name: string;
  readonly title: string;
  /** Said before it runs: one or two plain sentences. */
  readonly say: string;
  /** True where traffic moves: its requests count for the demo's last sentence. */
  readonly moves?: boolean;
  /** Releases that answer during the step, each at least once; absent while there is no load. */
  readonly answeredBy?: readonly string[];
  /** The release among them that is broken on purpose, after the switch. */
  readonly broken?: string;
}
