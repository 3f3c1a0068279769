/** Output that nobody reads any more: `| head` has seen enough, or a terminal is gone. */

/**
 * A rollout isn't left halfway because of its reader: the work goes on, for as long as this process
 * lives, and `tell` is called once.
 */
export function surviveLostOutput(tell: () => void): void {
  let told = false;
  const lost = (): void => {
    if (told) return;
    told = true;
    tell();
  };
  process.stdout.on("error", lost);
  process.stderr.on("error", lost);
}
