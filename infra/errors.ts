/** Every error that a user can meet: one class, stable codes, one exit code each. */

/** Exit codes of the command line; README lists them from here. */
export const exitCodes = {
  done: { code: 0, means: "done" },
  bug: { code: 1, means: "a bug in bluegreen" },
  settings: { code: 2, means: "usage or settings" },
  notSwitched: { code: 3, means: "not switched, the active color is untouched" },
  rolledBack: { code: 4, means: "rolled back to the former color" },
  stuck: { code: 5, means: "stuck, a person is needed" },
  locked: { code: 6, means: "locked or claimed by another" },
  waiting: { code: 7, means: "waiting at the gate" },
  inconclusive: { code: 8, means: "inconclusive, the new color serves and is held" },
  interrupted: { code: 130, means: "interrupted, can be continued" },
} as const;

export type ExitName = keyof typeof exitCodes;

interface ErrorKind {
  /** What is true when this code is seen; one line of the README's table. */
  readonly title: string;
  readonly exit: ExitName;
}

/** Stable codes. The README's table is generated from this record. */
export const errorKinds = {
  SETTINGS_INVALID: {
    title: "The settings have problems; all of them are listed.",
    exit: "settings",
  },
  SETTINGS_UNREADABLE: { title: "The settings file is missing or isn't YAML.", exit: "settings" },
  USAGE: { title: "The command line can't be understood.", exit: "settings" },
  ENGINE_MISSING: { title: "No Pulumi engine was found and none could be had.", exit: "settings" },
  ENGINE_FAILED: { title: "The Pulumi engine failed; its own message follows.", exit: "stuck" },
  BACKEND_MISSING: { title: "No Pulumi backend is chosen.", exit: "settings" },
  BACKEND_UNREACHABLE: { title: "The Pulumi backend can't be reached.", exit: "stuck" },
  PASSPHRASE_WRONG: { title: "The passphrase doesn't fit the stack's secrets.", exit: "settings" },
  STACK_MISSING: { title: "The stack doesn't exist yet.", exit: "settings" },
  STACK_LOCKED: { title: "Another update holds the stack's lock.", exit: "locked" },
  ENVIRONMENT_MISMATCH: {
    title: "The settings belong to another environment than the stack.",
    exit: "settings",
  },
  RECORD_NEWER: { title: "The record was written by a newer bluegreen.", exit: "settings" },
  RECORD_BROKEN: { title: "The record in the router's stack can't be read.", exit: "stuck" },
  STATE_BROKEN: { title: "Pulumi's state of a stack can't be read.", exit: "stuck" },
  CLAIMED: { title: "Another rollout has claimed the color.", exit: "locked" },
  NOT_CLAIMED: { title: "A color is provisioned only under a claim.", exit: "notSwitched" },
  COLOR_EMPTY: { title: "The color holds no release.", exit: "notSwitched" },
  COLOR_UNHEALTHY: { title: "The color isn't healthy.", exit: "notSwitched" },
  COLOR_RETIRING: { title: "The color is being retired.", exit: "notSwitched" },
  COLOR_SERVES: { title: "The color has traffic, so it may only grow.", exit: "notSwitched" },
  COLOR_SMALL: {
    title: "The color is held warm, with fewer instances than the active one.",
    exit: "notSwitched",
  },
  RELEASE_PINNED: {
    title: "The release is pinned and must not become active.",
    exit: "notSwitched",
  },
  RELEASE_CHANGED: {
    title: "The color holds another release than the one checked.",
    exit: "notSwitched",
  },
  STALE_INTENT: { title: "The settings file is older than the router.", exit: "notSwitched" },
  ROUTER_ACTIVE: { title: "The router has traffic, so it can't be removed.", exit: "notSwitched" },
  ROUTER_DOWN: { title: "The router doesn't run or can't be asked.", exit: "stuck" },
  ROUTER_REFUSED: {
    title: "The router's server doesn't accept its configuration.",
    exit: "notSwitched",
  },
  ROUTER_BUSY: { title: "Another command is changing the router.", exit: "locked" },
  HOST_UNREACHABLE: { title: "Another machine can't be reached over SSH.", exit: "stuck" },
  DRIFT: { title: "The data plane contradicts the record.", exit: "stuck" },
  PLAN_REFUSED: { title: "The plan would touch more than this step may.", exit: "notSwitched" },
  CHECK_FAILED: { title: "A check on the idle color didn't pass.", exit: "notSwitched" },
  METRIC_SILENT: {
    title: "A metric can't be read in a step of a shift, so traffic goes back.",
    exit: "rolledBack",
  },
  HOOK_REFUSED: { title: "A hook refused to let the rollout go on.", exit: "notSwitched" },
  PROVISION_FAILED: { title: "The idle color couldn't be filled.", exit: "notSwitched" },
  SWITCH_NOT_SERVED: {
    title: "The switch wasn't served; the router was set back.",
    exit: "notSwitched",
  },
  SWITCH_STUCK: {
    title: "Traffic was moved, isn't served well, and wasn't set back.",
    exit: "stuck",
  },
  ROLLED_BACK: {
    title: "The release failed after the switch; traffic is back on the former color.",
    exit: "rolledBack",
  },
  ROLLBACK_IMPOSSIBLE: { title: "There is no ready instance to return to.", exit: "stuck" },
  NOTHING_TO_ROLL_BACK: { title: "There is no former color to return to.", exit: "notSwitched" },
  ACTIVE_FAILING: {
    title: "The active color fails now, so its way back is kept.",
    exit: "notSwitched",
  },
  WINDOW_OPEN: { title: "The rollback window is still open.", exit: "notSwitched" },
  COLOR_BUSY: { title: "Requests still reach the color.", exit: "notSwitched" },
  FROZEN: { title: "Switches are frozen now.", exit: "notSwitched" },
  ROLLOUT_OPEN: { title: "A rollout is under way.", exit: "locked" },
  MIGRATION_REFUSED: {
    title: "A migration step isn't possible now.",
    exit: "notSwitched",
  },
  MIGRATION_FAILED: { title: "A migration step failed.", exit: "notSwitched" },
  SCHEMA_UNFIT: {
    title: "The release doesn't work with the database's schema.",
    exit: "notSwitched",
  },
  GATE_WAITING: { title: "The rollout waits for permission.", exit: "waiting" },
  BAKE_INCONCLUSIVE: { title: "The bake ended without enough evidence.", exit: "inconclusive" },
  FIRST_RELEASE_FAILING: {
    title: "The first release fails and there is nothing to return to.",
    exit: "stuck",
  },
  PORT_IN_USE: { title: "The port is taken by another process.", exit: "settings" },
  STORE_FAILED: { title: "A file couldn't be written.", exit: "stuck" },
  INTERRUPTED: { title: "Interrupted; run the command again to continue.", exit: "interrupted" },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export interface ErrorDetail {
  /** What to do next, as a sentence or a command line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Further lines, one problem each. */
  readonly details?: readonly string[];
}

/** The message says what is true, the hint what to do next. */
export class BlueGreenError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "BlueGreenError";
    this.code = code;
    this.hint = detail.hint;
    this.details = detail.details ?? [];
  }

  get exitCode(): number {
    return exitCodes[errorKinds[this.code].exit].code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * An error as text for where only text crosses (the engine's diagnostics): code first, then the
 * message, the details a line each, and the hint.
 */
export function formatError(error: BlueGreenError): string {
  const lines = [`${error.code}: ${error.message}`, ...error.details.map((line) => `  ${line}`)];
  return [...lines, ...(error.hint === undefined ? [] : [`hint: ${error.hint}`])].join("\n");
}

/** Finds an error that crossed as text; null when there is none of ours in it. */
export function parseError(text: string): BlueGreenError | null {
  const pattern = new RegExp(`\\b(${Object.keys(errorKinds).join("|")}): (.*)`);
  const found = pattern.exec(text);
  if (!found) return null;
  const rest = text.slice(found.index + found[0].length).split("\n");
  const details = rest.filter((line) => line.startsWith("  ")).map((line) => line.trim());
  const hint = rest
    .find((line) => line.trim().startsWith("hint: "))
    ?.trim()
    .slice(6);
  return new BlueGreenError(found[1] as ErrorCode, found[2] ?? "", {
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
