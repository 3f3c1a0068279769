/** The settings of one more environment, from the text of another one's file. Pure. */

import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Document, Pair, YAMLMap } from "yaml";
import { namespace } from "../../infra/config/path.ts";
import { configMap, parseSettingsYaml } from "../../infra/config/settings-yaml.ts";

/** What the new environment has for itself; null: as in the other one. */
export interface OwnSettings {
  readonly environment: string;
  readonly application: string;
  readonly port: number;
  readonly command: readonly string[] | null;
  readonly instances: number | null;
  readonly health: string | null;
  readonly versionPath: string | null;
}

export interface OtherFile {
  readonly text: string;
  /** Base name, for messages. */
  readonly name: string;
  readonly environment: string;
}

export interface TakenOver {
  readonly text: string;
  /** Where secrets were left out, which are encrypted for the other environment. */
  readonly secrets: readonly string[];
}

/** They belong to the other stack's encryption. */
const encryptionKeys = ["encryptionsalt", "encryptedkey", "secretsprovider"];

/**
 * Comments and order stay. What says where the other environment is, and where its traffic goes,
 * isn't taken over: port, active color, generation, given colors; nor are secrets.
 * @throws SETTINGS_UNREADABLE where the text isn't YAML
 */
export function takeOver({ text, name, environment }: OtherFile, own: OwnSettings): TakenOver {
  const document = parseSettingsYaml(text, name);
  for (const key of encryptionKeys) document.delete(key);
  const config = configMap(document, name);
  const secrets = withoutSecrets(document, config);
  if (config) change(document, config, own);
  const made = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return { text: renamed(made, environment, own.environment), secrets };
}

function change(document: Document, config: YAMLMap, own: OwnSettings): void {
  const { environment, application, port, command, instances, health, versionPath } = own;
  for (const key of ["generation", "given"]) config.delete(keyIn(config, key));
  config.set(keyIn(config, "environment"), environment);
  config.set(keyIn(config, "application"), application);
  config.set(keyIn(config, "activeColor"), "none");
  const local = mapAt(document, config, "local");
  local.set("port", port);
  if (instances !== null) local.set("instances", instances);
  if (command) local.set("command", document.createNode(command, { flow: true }));
  if (health !== null) mapAt(document, config, "health").set("path", health);
  if (versionPath !== null) setVersionCheck(document, config, versionPath);
}

/** The key as it is written there, with or without its namespace. */
function keyIn(config: YAMLMap, key: string): string {
  return config.has(key) ? key : `${namespace}:${key}`;
}

/** A map is made where there is none, or where it is written as JSON. */
function mapAt(document: Document, config: YAMLMap, key: string): YAMLMap {
  const name = keyIn(config, key);
  const found = config.get(name, true);
  if (isMap(found)) return found;
  const known: unknown = isScalar(found) ? JSON.parse(String(found.value)) : {};
  const made = document.createNode(known) as YAMLMap;
  config.set(name, made);
  return made;
}

function setVersionCheck(document: Document, config: YAMLMap, path: string): void {
  const name = keyIn(config, "checks");
  const checks = config.get(name, true);
  const known = isSeq(checks) ? checks.items : [];
  const check = known.find((each) => isMap(each) && each.get("kind") === "version");
  if (isMap(check)) check.set("path", path);
  else if (isSeq(checks)) checks.add(document.createNode({ kind: "version", path }));
  else config.set(name, document.createNode([{ kind: "version", path }]));
}

/** Takes out every value of the form `secure: ...` and says which they were. */
function withoutSecrets(document: Document, config: YAMLMap | null): readonly string[] {
  // All are found before the first one goes: an alias needs what it stands for.
  const found = secretsIn(document, config, "");
  for (const { remove } of found) remove();
  return found.map(({ name }) => name);
}

interface FoundSecret {
  readonly name: string;
  readonly remove: () => void;
}

function secretsIn(document: Document, node: unknown, place: string): readonly FoundSecret[] {
  if (isSeq(node)) {
    return node.items.flatMap((item, index) => {
      const name = `${place}[${index}]`;
      if (!isSecret(document, item)) return secretsIn(document, item, name);
      // An empty text in its place: the other items keep their numbers.
      return [{ name, remove: () => node.items.splice(index, 1, document.createNode("")) }];
    });
  }
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const name = `${place}${place === "" ? "" : "."}${keyText(pair)}`;
    if (!isSecret(document, pair.value)) return secretsIn(document, pair.value, name);
    return [{ name, remove: () => node.delete(pair.key) }];
  });
}

function isSecret(document: Document, value: unknown): boolean {
  const node = isAlias(value) ? value.resolve(document) : value;
  return isMap(node) && node.items.length === 1 && node.has("secure");
}

function keyText({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

/** In the comment at the top, which says whose settings these are. */
function renamed(text: string, from: string, to: string): string {
  const [head = ""] = /^(?:#.*\n)*/.exec(text) ?? [];
  const whose = head.replaceAll(new RegExp(`(environment \`?)${from}(?![\\w-])`, "g"), `$1${to}`);
  return whose + text.slice(head.length);
}
