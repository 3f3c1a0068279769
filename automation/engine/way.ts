/** What every way of getting a Pulumi engine looks like: the official installer, a Go build. */
import type { Environment } from "./folders.ts";

export type EnginePhase = "wait" | "install" | "download" | "compile";

export interface EngineProgress {
  readonly phase: EnginePhase;
  /** Milliseconds since this way was begun. */
  readonly elapsedMs: number;
  /** What is being done, for a person. */
  readonly detail: string;
}

export type OnEngineProgress = (progress: EngineProgress) => void;

export interface WayOptions {
  readonly env: Environment;
  readonly progress: OnEngineProgress;
  readonly signal?: AbortSignal | undefined;
}

export interface EngineWay {
  readonly source: "installer" | "built";
  /** How the way is called in messages. */
  readonly name: string;
  /** Puts the engine at `<folder>/bin/pulumi`; a string is the reason why that isn't possible. */
  fetch(folder: string, options: WayOptions): Promise<string | null>;
}

/** `2 min 50 s`, for people. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

/** One line for a terminal or a log. */
export function describeProgress({ detail, elapsedMs }: EngineProgress): string {
  return `Pulumi engine: ${detail} (${formatElapsed(elapsedMs)})`;
}

const tickMs = 2_000;

/** Reports at once, on each change of phase, and every two seconds while the work runs. */
export async function withProgress<T>(
  progress: OnEngineProgress,
  begin: Pick<EngineProgress, "phase" | "detail">,
  work: (report: (now: Pick<EngineProgress, "phase" | "detail">) => void) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  let current = begin;
  const tell = (): void => {
    progress({ ...current, elapsedMs: performance.now() - startedAt });
  };
  tell();
  const ticker = setInterval(tell, tickMs);
  try {
    return await work((now) => {
      const changed = now.phase !== current.phase;
      current = now;
      if (changed) tell();
    });
  } finally {
    clearInterval(ticker);
  }
}
