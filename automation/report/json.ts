/** Events as JSON lines on stdout. */

import type { Reporter } from "../event.ts";

export function jsonReporter(write: (text: string) => void = writeOut): Reporter {
  return {
    on(event) {
      write(`${JSON.stringify(event)}\n`);
    },
  };
}

function writeOut(text: string): void {
  process.stdout.write(text);
}
