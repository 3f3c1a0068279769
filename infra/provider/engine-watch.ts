/** A provider whose engine was killed ends too: nobody may set anything that no engine records. */

const lookMs = 100;

/** Ends this process soon after the process that started it: its parent changes then. */
export function endWithEngine(): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit(1);
  }, lookMs).unref();
}
