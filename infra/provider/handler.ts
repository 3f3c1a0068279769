/** What a resource of our own provider has to offer, and values as the engine hands them over. */

export type Properties = Readonly<Record<string, unknown>>;

export type Note = (sentence: string) => void;

/** All values arrive with secrets unwrapped; the server wraps again what came in wrapped. */
export interface ResourceHandler {
  create(inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
  /** Sets the resource to the new inputs; returns outputs beside them. */
  update(inputs: Properties, former: Properties): Promise<Properties>;
  /** `note` takes a sentence that whoever asked for it should know. */
  delete(state: Properties, note?: Note): Promise<void>;
  /** What really is there; null when the resource is gone. */
  read(state: Properties): Promise<Properties | null>;
}

/**
 * A resource that exists but isn't as it should be: it enters the state, so that the next update
 * mends it and a destroy removes it.
 */
export class HalfMade extends Error {
  readonly id: string;

  constructor(id: string, cause: Error) {
    super(cause.message, { cause });
    this.id = id;
  }
}

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Plain values of what the engine sent: Pulumi marks a secret by a wrapper object. */
export function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (!isRecord(value)) return value;
  if (value[signature] === secretSignature) return unwrapSecrets(value["value"]);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, unwrapSecrets(inner)]),
  );
}

/** True where both hold the same JSON, whatever the order of keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => sameValue(each, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return Object.is(a ?? null, b ?? null);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameValue(a[key], b[key]));
}
