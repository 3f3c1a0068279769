/** The application of the tests: starts in a tenth of a second, and misbehaves on demand. */

/** What a release may be told to do, by its version, while it runs; absent: nothing wrong. */
export interface Fault {
  /** Status of the health path; default 200. */
  readonly health?: number;
  /** Never answers on the probe's path. */
  readonly silentProbe?: boolean;
  /** Status of every other path; default 200. */
  readonly status?: number;
  /** Share of the requests to every other path that are answered 500; default 0. */
  readonly failing?: number;
  /** Says so and ends with code 3 right after the start. */
  readonly crash?: boolean;
  /** Milliseconds until it listens; default 0. */
  readonly startMs?: number;
  /** Ends at once when it is told to end, whatever it still answers. */
  readonly abrupt?: boolean;
}

export const appFile = "server.mjs";

/**
 * GET /healthz, /version (JSON), /probe, /slow?ms=N, /big?bytes=N, /stop (answers, then ends), and
 * anything else: `COLOR VERSION`. FAULTS is a folder with one file of faults per version.
 */
export const appSource = `import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { PORT, HOST, VERSION, COLOR, FAULTS } = process.env;

function fault() {
  try {
    return JSON.parse(readFileSync(join(FAULTS, VERSION), "utf8"));
  } catch {
    return {};
  }
}

const app = createServer((request, response) => {
  const { health = 200, silentProbe = false, status = 200, failing = 0 } = fault();
  const url = new URL(request.url, "http://app");
  const reply = (code, body) => response.writeHead(code).end(body);
  if (url.pathname === "/healthz") {
    if (health >= 300 && health < 400) response.setHeader("location", "/version");
    return reply(health, "health of " + VERSION);
  }
  if (url.pathname === "/version") return reply(200, JSON.stringify({ version: VERSION }));
  if (url.pathname === "/probe" && silentProbe) return undefined;
  if (url.pathname === "/slow") {
    return setTimeout(reply, Number(url.searchParams.get("ms")), 200, "slow " + VERSION);
  }
  if (url.pathname === "/big") {
    const line = "<p>" + VERSION + "</p>\\n";
    return reply(200, line.repeat(Math.ceil(Number(url.searchParams.get("bytes")) / line.length)));
  }
  return reply(Math.random() < failing ? 500 : status, COLOR + " " + VERSION);
});

if (fault().crash) {
  console.error("told to crash");
  process.exit(3);
}
if (!fault().abrupt) process.on("SIGTERM", () => app.close(() => process.exit(0)));
setTimeout(() => app.listen(Number(PORT), HOST), fault().startMs ?? 0);
`;
