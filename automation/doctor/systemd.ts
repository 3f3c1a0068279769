/** A systemd user unit that brings an environment back after a reboot. Pure. */

import { userPath } from "../../infra/user-path.ts";

export interface UnitOptions {
  readonly application: string;
  readonly environment: string;
  /** Absolute path of `bin/bluegreen`. */
  readonly executable: string;
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Whose choice of folders, engine and backend is repeated in the unit. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function unitName(application: string, environment: string): string {
  return `bluegreen-${application}-${environment}.service`;
}

/** Names of places, no secrets: a passphrase goes into a file, not into a unit. */
const repeated = [
  "XDG_STATE_HOME",
  "XDG_CACHE_HOME",
  "BLUEGREEN_ENGINE",
  "PULUMI_HOME",
  "PULUMI_BACKEND_URL",
  "PULUMI_CONFIG_PASSPHRASE_FILE",
  "PATH",
];

/**
 * What `up` starts belongs to the unit's group: the unit stays active so that systemd leaves it
 * alone, and stopping the unit ends only `up` itself.
 */
export function unitText({ application, environment, executable, cwd, env }: UnitOptions): string {
  const name = unitName(application, environment);
  const command = [executable, "up", "--yes", "--stack", environment, "--cwd", cwd];
  const variables = repeated.flatMap((key) => variableLines(key, env));
  return [
    `# Save as ~/.config/systemd/user/${name}, then:`,
    "#   systemctl --user daemon-reload",
    `#   systemctl --user enable ${name}`,
    "#   loginctl enable-linger    # so that it starts at boot, not at the first login",
    "[Unit]",
    `Description=bluegreen: bring ${environment} of ${application} back`,
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    "KillMode=process",
    `ExecStart=${command.map((word) => quoted(word.replaceAll("$", () => "$$"))).join(" ")}`,
    ...variables,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}

function variableLines(key: string, env: UnitOptions["env"]): readonly string[] {
  const value = key === "PATH" ? userPath(env) : env[key];
  if (value === undefined || value === "") return [];
  if (!holdsPassword(value)) return [`Environment=${quoted(`${key}=${value}`)}`];
  return [
    `# ${key} holds a password, so it isn't repeated here. Write it into a file that only`,
    "# you can read, and name that file: EnvironmentFile=/path/of/the/file",
  ];
}

/** A URL may hold one before its host (`user:password@host`) or among its parameters. */
function holdsPassword(value: string): boolean {
  return /:\/\/[^/?#]*:[^/?#]*@/.test(value) || secretParameter.test(value);
}

const secretParameter = /[?&;][\w-]*(pass|secret|token|key|sig|credential)[\w-]*=[^&]/i;

/** systemd replaces `%` in any value, and `$` in commands only; it reads quotes as a shell does. */
function quoted(text: string): string {
  const escaped = text.replaceAll("%", "%%");
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
