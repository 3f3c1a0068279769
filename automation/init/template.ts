/** The two files of a user's own project, with comments that say what may be changed. Pure. */

import { requiredPulumiVersion } from "../engine/version.ts";
import { linkName } from "./link.ts";

export interface Answers {
  /** Name of the Pulumi project. */
  readonly name: string;
  readonly application: string;
  readonly environment: string;
  readonly command: readonly string[];
  readonly port: number;
  readonly instances: number;
  readonly health: string;
  /** Null: the application doesn't tell its version. */
  readonly versionPath: string | null;
}

export function projectText({ name }: Pick<Answers, "name">): string {
  return `# Pulumi's project file. The program is bluegreen's own; ${linkName} is a link to it, made on each
# machine by \`bluegreen\` itself. Settings are in Pulumi.<environment>.yaml.
name: ${text(name)}
description: Blue-green deployment with two colors and one router
runtime:
  name: nodejs
  options:
    typescript: false
    nodeargs: --disable-warning=ExperimentalWarning
main: ${linkName}/infra/index.ts
requiredPulumiVersion: ">=${requiredPulumiVersion}"
plugins:
  providers:
    - name: bluegreen-core
      path: ${linkName}/infra/provider
`;
}

export function settingsText(answers: Answers): string {
  const { environment, application, command, port, instances, health } = answers;
  return `# Settings of the environment ${environment}. Only what differs from the defaults is here; all keys are in
# bluegreen's README.md.
config:
  bluegreen:environment: ${text(environment)}
  # Names the folder of this application's state; keep it.
  bluegreen:application: ${text(application)}
  # The color that gets the traffic: blue, green or none. Changing it and running \`pulumi up\` is
  # the switch; \`bluegreen deploy\` writes it here after its own switches, with the generation.
  bluegreen:activeColor: none
  # An instance is healthy while this path answers with 200.
  bluegreen:health:
    path: ${text(health)}
${checksText(answers)}  bluegreen:local:
    # Starts one instance, which listens on {port} or on the variable PORT; the release's version is
    # {version} or VERSION. It ends cleanly on SIGTERM.
    command: ${list(command)}
    instances: ${instances}
    # Where clients reach the application: this address stays, whatever color is active.
    port: ${port}
    # A release is a copy of this folder; what isn't part of it is left out.
    exclude: ["Pulumi*.yaml", "*.log"]
    # What both colors share is named by an absolute path. Secrets are encrypted:
    #   bluegreen pulumi -- config set --secret --path bluegreen:local.env.TOKEN
    # env:
    #   DATABASE: /var/lib/${application}/data.db
`;
}

/** What the idle color must pass before it gets traffic. */
function checksText({ versionPath }: Answers): string {
  const intro = "  # What a new release must pass before it gets traffic, beside its health.\n";
  if (versionPath === null) {
    return `${intro}  # bluegreen:checks:\n  #   - kind: http\n  #     path: /\n`;
  }
  return `${intro}  bluegreen:checks:
    - kind: version # the instance itself says which release it is
      path: ${text(versionPath)}
      # json: version     # the field of a JSON body; or \`header: x-version\`
`;
}

/** JSON is YAML; plain words need no quotes. */
function text(value: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(value) && !reserved.test(value) ? value : JSON.stringify(value);
}

/** Words that YAML reads as something else than text. */
const reserved = /^(true|false|yes|no|on|off|null|y|n)$/i;

function list(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}
