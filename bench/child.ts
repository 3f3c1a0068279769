/** Starts a module of the bench as a process of its own and asks it questions, one at a time. */

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export class Child {
  readonly #process: ChildProcess;

  constructor(module: string) {
    const file = new URL(module, import.meta.url);
    this.#process = fork(file, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  }

  /** @throws Error when the process ends, or says nothing in time */
  ask<T>(question: unknown, limitMs: number): Promise<T> {
    const child = this.#process;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onEnd = (code: number | null): void => {
      reject(new Error(`a process of the bench ended with ${code ?? "a signal"}`));
    };
    const timer = setTimeout(() => {
      reject(new Error(`a process of the bench said nothing within ${limitMs} ms`));
    }, limitMs);
    child.once("exit", onEnd);
    child.once("message", (answer) => {
      resolve(answer as T);
    });
    child.send(question as object);
    return promise.finally(() => {
      clearTimeout(timer);
      child.off("exit", onEnd);
    });
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }
}
