/** The settings of the platform `proxy`: which server routes, where it runs, what the colors are. */

import { z } from "zod";

import {
  choice,
  duration,
  filePath,
  flag,
  hostName,
  integer,
  optional,
} from "../../config/fields.ts";
import type { Settled } from "../../config/settled.ts";
import { minute } from "../../duration.ts";
import type { Address, Color, PerColor } from "../../model.ts";
import { perColor } from "../../model.ts";
import { localSchema } from "../local/settings.ts";
import {
  accountName,
  commandWords,
  cookieName,
  installWords,
  listenAddress,
  program,
  publicUrl,
  routerName,
  safePath,
  sectionName,
  target,
} from "./fields.ts";
import type { SshAccess } from "./hosts/open-ssh.ts";
import {
  adoptedNeedsUrl,
  colorsDontMeet,
  portsExist,
  remoteNeedsDir,
  remoteNeedsUrl,
} from "./setting-rules.ts";
import type { RouterSpec } from "./spec.ts";

const port = () => integer({ min: 1, max: 65_535 });

const ssh = z.strictObject({
  host: hostName().describe("Name or address of the other machine."),
  user: optional(accountName()).describe("Account there; absent: as OpenSSH is configured."),
  port: optional(port()).describe("Port of its SSH server; absent: as OpenSSH is configured."),
  key: optional(safePath("/home/ci/.ssh/id_ed25519")).describe(
    "File of the private key; absent: the agent's, or as OpenSSH is configured.",
  ),
  knownHosts: optional(safePath("/home/ci/.ssh/known_hosts")).describe(
    "File with the host's key, the only one that counts; absent: as OpenSSH is configured.",
  ),
  sudo: flag().prefault(false).describe("Whether everything there runs by `sudo -n`."),
  shared: flag().prefault(true).describe("Whether all calls of a command share one connection."),
});

const { command, cwd, include, exclude, env, instances, start, maxFiles, maxBytes } =
  localSchema.shape;

const processColors = z.strictObject({
  kind: z.literal("process").describe("Processes on this machine, as on the platform `local`."),
  ...{ command, cwd, include, exclude, env, instances, start, maxFiles, maxBytes },
  ports: z
    .strictObject({
      blue: port().prefault(9100).describe("Port of blue's first instance; the next has the next."),
      green: port().prefault(9200).describe("Port of green's first instance."),
    })
    .prefault({})
    .describe("Fixed ports, so that a deploy never reloads the router."),
});

const serverList = () => z.array(target()).min(1).max(64).meta({ type: "a list of host:port" });

const serverColors = z.strictObject({
  kind: z.literal("servers").describe("Machines that are there already, some for each color."),
  blue: serverList().describe("Where blue's instances listen."),
  green: serverList().describe("Where green's instances listen."),
  install: installWords().describe(
    "Installs a release on one server and starts it. `{host}`, `{port}`, `{version}` and " +
      "`{color}` are filled in.",
  ),
  remove: optional(installWords()).describe(
    "Takes a release off a server when its color is emptied; absent: it stays and goes on.",
  ),
  cwd: filePath("the path of a folder")
    .prefault(".")
    .describe("Folder in which `install` runs on this machine, relative to the project."),
  ssh: optional(ssh.omit({ host: true })).describe(
    "Runs `install` on each server over SSH; absent: on this machine.",
  ),
  start: duration({ min: 10, max: 60 * minute, example: "2m" })
    .prefault("2m")
    .describe("`install` ends within this time, and then the server is healthy within as long."),
});

/** The slice `bluegreen:proxy`. */
export const proxySchema = z
  .strictObject({
    dialect: choice(["nginx", "haproxy"]).prefault("nginx").describe("The server that routes."),
    mode: choice(["managed", "adopted"])
      .prefault("managed")
      .describe("`managed`: a server of its own; `adopted`: one file that your server includes."),
    name: routerName().prefault("app").describe("Tells several routers on one server apart."),
    host: listenAddress()
      .prefault("127.0.0.1")
      .describe("Address to listen on: for clients; adopted: for your server's own hand-over."),
    port: port().prefault(8080).describe("Port to listen on, on `host`."),
    url: optional(publicUrl()).describe(
      "Public address of the application; absent: `host` and `port`. Required when adopted.",
    ),
    dir: optional(safePath("/var/lib/bluegreen/shop")).describe(
      "Folder on the router's host, this environment's alone; absent: below /var/lib/bluegreen " +
        "for root, else in the user's state folder.",
    ),
    program: optional(program()).describe("The server's program; absent: found by its name."),
    user: optional(accountName()).describe(
      "Account of a managed server's workers when root starts it, with the group of the same name; " +
        "HAProxy needs it then.",
    ),
    upstream: sectionName()
      .prefault("app")
      .describe("Adopted: the upstream or backend that your configuration sends requests to."),
    check: optional(commandWords()).describe(
      "Adopted: tests your whole configuration; absent: `nginx -t`, or `haproxy -c` with " +
        "/etc/haproxy/haproxy.cfg and bluegreen's file.",
    ),
    reload: optional(commandWords()).describe(
      "Adopted: makes your server read its configuration; absent: `systemctl reload`.",
    ),
    socket: optional(safePath("/run/haproxy/admin.sock")).describe(
      "HAProxy's runtime socket; absent: one in `dir`; adopted: /run/haproxy/admin.sock.",
    ),
    cookie: optional(cookieName()).describe(
      "A cookie that keeps each client's place while weights rise; absent: none is set.",
    ),
    timeout: duration({ min: 100, max: 60 * minute, example: "60s" })
      .prefault("60s")
      .describe(
        "An instance that sends nothing for longer has failed to answer; nginx: so has a WebSocket.",
      ),
    idle: duration({ min: 100, max: minute, example: "1s" })
      .prefault("1s")
      .describe("Idle connections to instances close after this; less than the instances' own."),
    ssh: optional(ssh).describe("The router's host, when it isn't this machine."),
    colors: z
      .discriminatedUnion("kind", [processColors, serverColors])
      .prefault({ kind: "process" })
      .describe("What a color is made of."),
  })
  .superRefine(remoteNeedsDir)
  .superRefine(remoteNeedsUrl)
  .superRefine(adoptedNeedsUrl)
  .superRefine(portsExist)
  .superRefine(colorsDontMeet);

/** Settings of the platform `proxy` after parsing; durations are milliseconds. */
export type ProxySettings = Settled<z.output<typeof proxySchema>>;

/** The settings of each kind of colors. */
export type ProcessColors = Extract<ProxySettings["colors"], { readonly kind: "process" }>;
export type ServerColors = Extract<ProxySettings["colors"], { readonly kind: "servers" }>;

export interface SpecSurroundings {
  /** Where the settings name none. */
  readonly dir: string;
  readonly drainMs: number;
  /** Addresses of colors that somebody else manages. */
  readonly given?: Partial<PerColor<readonly Address[]>>;
}

export function specOf(
  settings: ProxySettings,
  { dir, drainMs, given = {} }: SpecSurroundings,
): RouterSpec & Required<Pick<RouterSpec, "reserved">> {
  const { dialect, mode, name, host, user, upstream, check, cookie } = settings;
  const { timeoutMs, idleMs } = settings;
  const usual = mode === "adopted" && dialect === "haproxy" ? "/run/haproxy/admin.sock" : null;
  return {
    ...{ dialect, mode, name, host, user, upstream, check, cookie, timeoutMs, idleMs },
    socket: settings.socket ?? usual,
    port: settings.port,
    dir: settings.dir ?? dir,
    program: settings.program ?? dialect,
    reload: settings.reload ?? ["systemctl", "reload", dialect],
    drainMs,
    reserved: perColor((color) => given[color] ?? addressesOf(settings.colors, color)),
  };
}

/** Where a color's instances listen whenever there are some. */
export function addressesOf(all: ProxySettings["colors"], color: Color): readonly Address[] {
  if (all.kind === "servers") return all[color];
  return processAddresses(all.ports[color], all.instances);
}

export function processAddresses(firstPort: number, count: number): readonly Address[] {
  return Array.from({ length: count }, (_, index) => `127.0.0.1:${firstPort + index}`);
}

/** Null where the router's host is this machine. */
export function routerAccessOf({ ssh: access }: ProxySettings): SshAccess | null {
  return access;
}

/** How a server of a color is reached for `install`; null: the command runs on this machine. */
export function serverAccessOf(settings: ProxySettings, host: string): SshAccess | null {
  const { colors } = settings;
  return colors.kind === "servers" && colors.ssh !== null ? { ...colors.ssh, host } : null;
}
