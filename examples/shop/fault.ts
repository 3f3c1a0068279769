/** Ways in which a release of the shop is broken on purpose, so that a rollout has to stop it. */

export const faults = ["none", "never-healthy", "crash", "after-switch", "slow"] as const;
export type Fault = (typeof faults)[number];

/** Real requests until `after-switch` begins to fail: more than checks and a warm-up send. */
const failAfterRequests = 200;
/** On a quiet service it fails this long after the first real request ... */
const failAfterMs = 4_000;
/** ... once this many were seen, so that a few checks alone never trigger it. */
const quietRequests = 20;
/** Delay of every real request of a `slow` release. */
const slowMs = 400;

/** `BREAK=crash`, or a version that ends in the fault's name: `3-crash`. */
export function faultOf(wanted: string | undefined, version: string): Fault {
  if (wanted === undefined || wanted === "") {
    return faults.find((fault) => fault !== "none" && version.endsWith(`-${fault}`)) ?? "none";
  }
  const known = faults.find((fault) => fault === wanted);
  if (known === undefined) throw new Error(`BREAK is ${wanted}, not one of ${faults.join(", ")}`);
  return known;
}

/** Counts the real requests (all but health and version) and says what the fault does to each. */
export class FaultyBehavior {
  readonly #fault: Fault;
  readonly #now: () => number;
  #seen = 0;
  #firstAt = 0;
  #fragile = 0;

  constructor(fault: Fault, now: () => number = () => performance.now()) {
    this.#fault = fault;
    this.#now = now;
  }

  get healthy(): boolean {
    return this.#fault !== "never-healthy";
  }

  /** Milliseconds to wait before a real request is answered. */
  get delayMs(): number {
    return this.#fault === "slow" ? slowMs : 0;
  }

  /** To be called once per real request; true where the answer has to be a 500. */
  fails(path: string): boolean {
    this.#seen += 1;
    if (this.#seen === 1) this.#firstAt = this.#now();
    if (this.#fault !== "after-switch" || !this.#worn()) return false;
    if (path !== "/products" && path !== "/orders") return false;
    this.#fragile += 1;
    return this.#fragile % 3 === 0;
  }

  #worn(): boolean {
    if (this.#seen > failAfterRequests) return true;
    return this.#seen > quietRequests && this.#now() - this.#firstAt > failAfterMs;
  }
}
