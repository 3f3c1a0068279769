/**
 * The contract of a check of your own, in one file without imports: import its types. A file that
 * exports one such object is run by `kind: custom`.
 */

export interface CustomCheck {
  /** Begins the sentence in reports. */
  readonly name: string;
  /** One attempt. What it throws makes the verdict "error". */
  run(context: CustomContext): CustomFinding | Promise<CustomFinding>;
}

/** The color that is checked, and the ways to it. */
export interface CustomContext {
  readonly color: "blue" | "green";
  /** Version of the release that the color holds. */
  readonly version: string;
  /** `host:port` of each instance. */
  readonly addresses: readonly string[];
  /** Public address of the router, where the other color may serve; null: there is none yet. */
  readonly url: string | null;
  /** Headers that lead a request to `url` to this color; null: the router has no such route. */
  readonly previewHeaders: Readonly<Record<string, string>> | null;
  /** Aborts when the time is over; the process is ended half a second later. */
  readonly signal: AbortSignal;
}

export interface CustomFinding {
  readonly verdict: "pass" | "fail" | "inconclusive";
  /** What was found, with numbers; one line. */
  readonly sentence: string;
  /** What was seen: a body, a list of differences; its last 8 KB are kept. */
  readonly evidence?: string;
}
