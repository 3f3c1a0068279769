/** What an adopted nginx says for all its servers is applied once: by it, and not again by us. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import {
  call,
  describeWith,
  endServer,
  findProgram,
  freePort,
  onEnd,
  openFolder,
  routesTo,
  specOf,
  startInstance,
} from "./support.ts";

interface Lines {
  readonly http?: string;
  readonly server?: string;
  readonly location?: string;
}

/** Their server with these lines, in front of one instance, and handed over to us. */
async function adopted({ http = "", server = "", location = "" }: Lines, answer: RequestListener) {
  const instance = await startInstance("blue", answer);
  const [folder, port] = [openFolder(), await freePort()];
  const config = join(folder, "nginx.conf");
  const argv = [findProgram("nginx") ?? "nginx", "-c", config, "-p", folder];
  const spec = await specOf("nginx", {
    ...{ mode: "adopted", dir: join(folder, "bluegreen"), check: [...argv, "-t", "-q"] },
    reload: [...argv, "-s", "reload"],
  });
  const text = (upstream: string) => `pid ${filesOf(spec).pid}; error_log ${folder}/error.log;
    worker_processes 1; events { }
    http { access_log off; ${http} ${upstream}
    server { listen 127.0.0.1:${port}; ${server}
      location / { ${location} proxy_pass http://shop; proxy_set_header Host $host; } } }`;
  const router = new ProxyRouter(spec, thisMachine);
  await router.start();
  writeFileSync(config, text(`upstream shop { server ${instance.address}; }`));
  onEnd(() => {
    endServer(spec);
  });
  const { status, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const handOver = async () => {
    writeFileSync(config, text(`include ${filesOf(spec).config};`));
    await router.setRoutes(routesTo("blue", { blue: [instance.address] }));
    expect((await router.read()).problems).toEqual([]);
  };
  return { port, handOver };
}

/** One request of each of eight clients, at the same time. */
function askEach(port: number): Promise<readonly number[]> {
  const statuses = Array.from({ length: 8 }, (_, index) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const from = { localAddress: `127.0.1.${index + 1}`, host: "127.0.0.1", port, agent: false };
    const asked = request({ ...from, timeout: 10_000 }, (reply) => {
      reply.resume().on("end", () => {
        resolve(reply.statusCode ?? 0);
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("no reply within 10 s")));
    asked.on("error", reject).end();
    return promise;
  });
  return Promise.all(statuses);
}

const perClient: Readonly<Record<string, string>> = {
  "a rate per address":
    "limit_req_zone $binary_remote_addr zone=r:1m rate=1r/s; limit_req zone=r burst=2 nodelay;",
  "connections per address": "limit_conn_zone $binary_remote_addr zone=c:1m; limit_conn c 2;",
  "rights by address": "allow 127.0.1.0/24; deny all;",
};

describeWith(["nginx"], "an adopted nginx", () => {
  for (const [what, http] of Object.entries(perClient)) {
    // Only Linux has all of 127.0.0.0/8 on loopback.
    test.runIf(process.platform === "linux")(
      `that limits ${what} still does so for each client by itself`,
      async () => {
        const { port, handOver } = await adopted({ http }, (req, res) => {
          req.resume();
          setTimeout(() => res.end("ok"), 300);
        });
        await handOver();
        expect(await askEach(port)).toEqual(Array<number>(8).fill(200));
      },
    );
  }

  test("that asks for a password asks once, and keeps it to itself", async () => {
    const passwords = join(openFolder(), "passwords");
    writeFileSync(passwords, "ann:{PLAIN}secret\n");
    const http = `auth_basic shop; auth_basic_user_file ${passwords};`;
    const location = `proxy_set_header Authorization "";`;
    const { port, handOver } = await adopted({ http, location }, (req, res) => {
      res.end(req.headers.authorization ?? "none");
    });
    await handOver();
    expect((await call(port)).status).toBe(401);
    const headers = { authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
    expect((await call(port, { headers })).status).toBe(200);
  });

  test("that takes odd headers still hands them to the application", async () => {
    const server = "underscores_in_headers on; ignore_invalid_headers off;";
    const { port, handOver } = await adopted({ server }, (req, res) => {
      res.end([req.headers["api_key"], req.headers["odd.one"]].join());
    });
    await handOver();
    const headers = { api_key: "1", "odd.one": "2" };
    expect((await call(port, { headers })).text).toBe("1,2");
  });

  test("that has pages of its own for errors shows those, or the application's own", async () => {
    const http = "proxy_intercept_errors on;";
    const answer: RequestListener = (_req, res) => {
      res.statusCode = 503;
      res.end("closed for today");
    };
    const page = `error_page 503 @sorry; location @sorry { return 503 "sorry"; }`;
    const own = await adopted({ http, server: page }, answer);
    await own.handOver();
    expect((await call(own.port)).text).toBe("sorry");
    const none = await adopted({ http, server: "proxy_intercept_errors off;" }, answer);
    await none.handOver();
    expect((await call(none.port)).text).toBe("closed for today");
  });

  test("that changes replies for other servers doesn't change them for this one", async () => {
    const cache = `${openFolder()}/cache`;
    const http = `gzip on; gzip_types text/plain; gzip_min_length 1; gzip_http_version 1.0;
      gzip_proxied any; expires 1h; charset koi8-r; ssi on; ssi_types text/plain;
      proxy_cache_path ${cache} keys_zone=k:1m; proxy_cache k; proxy_cache_valid 200 1h;
      proxy_cookie_path / /shop/;`;
    const server = "gzip off; expires off; charset off; ssi off; proxy_cache off;";
    let count = 0;
    const { port, handOver } = await adopted({ http, server }, (_req, res) => {
      count += 1;
      res.setHeader("content-type", "text/plain");
      res.setHeader("set-cookie", "id=1; path=/");
      res.end(`<!--# echo var="host" --> ${count}`);
    });
    const ask = () => call(port, { headers: { "accept-encoding": "gzip" } });
    const changed = ["x-bluegreen-color", "date", "transfer-encoding", "content-length"];
    const kept = ({ headers, text }: Awaited<ReturnType<typeof call>>) => ({
      headers: Object.entries(headers).filter(([name]) => !changed.includes(name)),
      text: text.replace(/\d+$/, "N"),
    });
    const before = kept(await ask());
    await handOver();
    expect(kept(await ask())).toEqual(before);
    const asked = count;
    await ask();
    expect(count).toBe(asked + 1);
  });
});
