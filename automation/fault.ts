/** Ends the process at a chosen point, for the tests that kill a driver everywhere. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `BLUEGREEN_FAULT="kill at before Switch"` kills this process there, as a power cut would;
 * `BLUEGREEN_FAULT="list"` prints each point to stderr. Anything else: nothing.
 */
export function faultBoundary(env: Environment): (point: string) => void {
  const wish = env["BLUEGREEN_FAULT"];
  if (wish === undefined) return () => undefined;
  const at = /^kill at (.+)$/.exec(wish)?.[1];
  return (point) => {
    if (wish === "list") process.stderr.write(`fault point: ${point}\n`);
    if (point === at) process.kill(process.pid, "SIGKILL");
  };
}
