/** A flip whose host falls out of reach, at each call: it is never unsaid what is served then. */

import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { BlueGreenError, formatError } from "../../../infra/errors.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { OpenSshHost } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { startRelay, startSshd } from "./sshd.ts";
import {
  call,
  describeDialects,
  describeWith,
  dialectNames,
  onEnd,
  routesTo,
  startColors,
  startedRouter,
} from "./support.ts";

/** More than any flip takes. */
const maxCalls = 40;

/** Out of reach from this call on, the first is 1: it isn't made, or its answer is lost. */
function lostFrom(at: number, isMade: boolean): Host {
  let calls = 0;
  const gone = () => new BlueGreenError("HOST_UNREACHABLE", "the host can't be reached");
  const through = async <T>(made: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > at || (calls === at && !isMade)) throw gone();
    const result = await made();
    if (calls >= at) throw gone();
    return result;
  };
  const host = thisMachine;
  return {
    name: "a machine elsewhere",
    read: (path) => through(() => host.read(path)),
    write: (path, text, mode) => through(() => host.write(path, text, mode)),
    link: (path, target) => through(() => host.link(path, target)),
    readLink: (path) => through(() => host.readLink(path)),
    create: (path, text) => through(() => host.create(path, text)),
    removeIf: (path, text) => through(() => host.removeIf(path, text)),
    remove: (path) => through(() => host.remove(path)),
    list: (folder) => through(() => host.list(folder)),
    sizes: (paths) => through(() => host.sizes(paths)),
    run: (argv, options) => through(() => host.run(argv, options)),
    ask: (endpoint, text, deadlineMs) => through(() => host.ask(endpoint, text, deadlineMs)),
    close: () => Promise.resolve(),
  };
}

async function onBlue(dialect: "nginx" | "haproxy") {
  const started = await startedRouter(dialect);
  const { blue, green } = await startColors();
  return { ...started, attached: { blue: [blue.address], green: [green.address] } };
}

interface Left {
  readonly outcome: "done" | BlueGreenError;
  readonly served: string;
  readonly problems: readonly string[];
}

/** Back to blue by somebody who reaches it, then to green over this host. */
async function flipOver(
  host: Host,
  { router, spec, port, attached }: Awaited<ReturnType<typeof onBlue>>,
  lose: () => void = () => undefined,
): Promise<Left> {
  await router.setRoutes(routesTo("blue", attached));
  lose();
  const outcome = await new ProxyRouter(spec, host).flip(routesTo("green", attached)).then(
    () => "done" as const,
    (error: unknown) => (error instanceof BlueGreenError ? error : expect.fail(String(error))),
  );
  const { weights, problems } = await router.read();
  const served = (await call(port)).text;
  expect(weights).toEqual(weightsOf(served as "blue"));
  return { outcome, served, problems };
}

function isUnsaid({ outcome, served, problems }: Left): boolean {
  if (outcome === "done") return served !== "green" || problems.length > 0;
  if (served === "blue" && problems.length === 0) return false;
  return !outcome.message.includes("couldn't be taken back");
}

/** Each call in turn is the last one that gets there. */
async function losses(started: Awaited<ReturnType<typeof onBlue>>, isMade: boolean) {
  const seen: Left[] = [];
  for (let at = 1; at <= maxCalls && seen.at(-1)?.outcome !== "done"; at += 1) {
    const left = await flipOver(lostFrom(at, isMade), started);
    expect(isUnsaid(left), `call ${at}: ${JSON.stringify(left)}`).toBe(false);
    seen.push(left);
  }
  return seen;
}

describeDialects("a flip whose host falls out of reach", (dialect) => {
  test.each([
    ["isn't made", false],
    ["is made, but not answered", true],
  ])(
    "says so when more than the former color may be left, whichever call %s",
    async (_, isMade) => {
      const seen = await losses(await onBlue(dialect), isMade);
      // Once the switch is proven nothing makes it fail.
      expect(seen.at(-1)).toMatchObject({ outcome: "done", served: "green" });
      const broken = seen.filter(({ outcome }) => outcome !== "done");
      expect(new Set(broken.map(({ served }) => served))).toEqual(new Set(["blue", "green"]));
    },
    60_000,
  );
});

describeWith(["nginx"], "nginx: a link that is made after its flip was taken back", () => {
  test("leads to a state, so nobody is refused, and is told", async () => {
    const started = await onBlue("nginx");
    await started.router.setRoutes(routesTo("blue", started.attached));
    const late: [string, string][] = [];
    const slow: Host = {
      ...thisMachine,
      link(path, target) {
        if (late.length > 0) return thisMachine.link(path, target);
        late.push([path, target]);
        throw new BlueGreenError("HOST_UNREACHABLE", "no answer");
      },
    };
    const flip = new ProxyRouter(started.spec, slow).flip(routesTo("green", started.attached));
    await expect(flip).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
    expect(await call(started.port)).toMatchObject({ status: 200, text: "blue" });
    for (const [path, target] of late) await thisMachine.link(path, target);
    expect(await call(started.port)).toMatchObject({ status: 200, text: "green" });
    expect((await started.router.read()).weights).toEqual(weightsOf("green"));
  });
});

describeWith(["sshd", "ssh", "nginx", "haproxy"], "a flip over SSH whose connection drops", () => {
  test.each(dialectNames)(
    "says on %s that the switch couldn't be taken back, and the next one isn't held up",
    async (dialect) => {
      const relay = await startRelay(await startSshd());
      const started = await onBlue(dialect);
      const served = async (): Promise<string> => (await call(started.port)).text;
      const isCut: Promise<void>[] = [];
      const left = await flipOver(new OpenSshHost(relay.access), started, () => {
        const isGreen = expect.poll(served, { interval: 5, timeout: 30_000 }).toBe("green");
        isCut.push(
          isGreen.then(() => {
            relay.cutConnection(1);
            relay.drop();
          }),
        );
      });
      await Promise.all(isCut);
      if (left.outcome === "done") return expect.fail("it wasn't refused");
      expect(left).toMatchObject({
        served: "green",
        outcome: {
          code: "ROUTER_DOWN",
          message: expect.stringContaining("couldn't be taken back") as string,
        },
      });
      expect(formatError(left.outcome)).toMatch(/127\.0\.0\.1.*(connection|can't be reached)/);
      relay.cutConnection(Infinity);
      const host = new OpenSshHost({ ...relay.access, shared: true });
      onEnd(() => host.close());
      expect(await flipOver(host, started)).toMatchObject({ outcome: "done", served: "green" });
      expect(existsSync(filesOf(started.spec).lock)).toBe(false);
    },
    60_000,
  );
});

describeWith(["sshd", "ssh", "nginx"], "a reading over SSH", () => {
  test("tells a host out of reach from a router that doesn't run", async () => {
    const sshd = await startSshd();
    const host = new OpenSshHost({ ...sshd.access, shared: false });
    const { router, spec, port } = await startedRouter("nginx");
    await sshd.close();
    expect(await new ProxyRouter(spec, host).read()).toMatchObject({
      weights: null,
      isOutOfReach: true,
      problems: [expect.stringMatching(/no connection can be made to it/)],
    });
    expect((await call(port)).status).toBe(503);
    await sshd.open();
    await router.stop();
    const reading = await new ProxyRouter(spec, host).read();
    expect(reading.weights).toBeNull();
    expect(reading).not.toHaveProperty("isOutOfReach");
  });
});
