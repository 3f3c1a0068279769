/** What is known of the database that both colors share, and the steps that change its schema. */

import type { Instant, Owner } from "./owner.ts";

/** Versions of the database's schema, both ends included. */
export interface SchemaRange {
  readonly from: number;
  readonly to: number;
}

/** `expand` adds what a new release needs; `contract` removes what only a former one needed. */
export type MigrationKind = "expand" | "contract";

/** What brings the database to a version of its schema. */
export interface MigrationStep {
  readonly kind: MigrationKind;
  readonly to: number;
}

/** Whose step it is; the digest isn't known before its color is filled. */
export interface MigratingRelease {
  readonly version: string;
  readonly digest: string | null;
}

/** A step that is done; `recorded`: a person said so of one that was done past us. */
export interface DoneMigration {
  readonly kind: MigrationKind | "recorded";
  readonly to: number;
  /** Null where no release is behind it. */
  readonly release: MigratingRelease | null;
  readonly at: Instant;
}

/** A step that was begun and isn't known to be done: the schema may be the one before, or its. */
export interface PendingMigration extends MigrationStep {
  readonly release: MigratingRelease | null;
  readonly at: Instant;
  readonly owner: Owner;
  /** Nobody else begins it before this, while its owner may be alive. */
  readonly until: Instant;
}

/** What is known of the database that both colors share. */
export interface Database {
  /** Version of the schema; null: unknown. */
  readonly schema: number | null;
  /** The newest last; the oldest are dropped. */
  readonly steps: readonly DoneMigration[];
  readonly pending: PendingMigration | null;
}
