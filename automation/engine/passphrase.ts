/** Makes the passphrase of our own state once, and never shows or replaces it. */
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlueGreenError } from "../../infra/errors.ts";

export interface OwnState {
  /** Holds the state of a file backend. */
  readonly folder: string;
  readonly passphraseFile: string;
}

const passphraseBytes = 32;

/**
 * The state folder and passphrase file of an application, made at first use for this user only.
 * Throws PASSPHRASE_WRONG when there is state but its passphrase is gone, STORE_FAILED when the
 * folder can't be written.
 */
export async function ownState(base: string, needsPassphrase: boolean): Promise<OwnState> {
  const { folder, passphraseFile } = placesIn(base);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(base, 0o700);
    await chmod(folder, 0o700);
    if (needsPassphrase) await ensurePassphrase(passphraseFile, folder);
  } catch (cause) {
    if (cause instanceof BlueGreenError) throw cause;
    throw new BlueGreenError("STORE_FAILED", `${base} can't be written`, {
      cause,
      hint: "Make it writable, or choose another folder by XDG_STATE_HOME.",
    });
  }
  return { folder, passphraseFile };
}

/**
 * The state as it is, with nothing written; null where none has been made yet.
 * Throws PASSPHRASE_WRONG when there is state but its passphrase is gone.
 */
export async function knownState(base: string, needsPassphrase: boolean): Promise<OwnState | null> {
  const places = placesIn(base);
  if (needsPassphrase && !(await exists(places.passphraseFile))) {
    if (await hasStacks(places.folder)) throw passphraseGone(places.passphraseFile);
    return null;
  }
  return (await exists(join(places.folder, ".pulumi", "meta.yaml"))) ? places : null;
}

function placesIn(base: string): OwnState {
  return { folder: join(base, "pulumi-state"), passphraseFile: join(base, "passphrase") };
}

async function ensurePassphrase(file: string, folder: string): Promise<void> {
  if (await exists(file)) return;
  if (await hasStacks(folder)) throw passphraseGone(file);
  await createOnce(file);
}

function passphraseGone(file: string): BlueGreenError {
  return new BlueGreenError("PASSPHRASE_WRONG", `${file} is gone, but the state needs it`, {
    hint: "Restore that file, or set PULUMI_CONFIG_PASSPHRASE to the passphrase that was used.",
  });
}

async function hasStacks(folder: string): Promise<boolean> {
  const names = await readdir(join(folder, ".pulumi", "stacks")).catch(() => []);
  return names.length > 0;
}

/** Links a finished file: nobody reads half a passphrase, and whoever comes second keeps it. */
async function createOnce(file: string): Promise<void> {
  const own = `${file}.${randomUUID()}`;
  const passphrase = randomBytes(passphraseBytes).toString("base64url");
  await writeFile(own, passphrase, { mode: 0o600, flag: "wx" });
  try {
    await link(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
