/** What the program and the provider must agree on: its version, and the record's type token. */

/**
 * Named by every resource of our own: the engine would otherwise take the setting
 * `bluegreen:version` for the provider's version.
 */
export const providerVersion = "0.1.0";

/** The provider's name, as in Pulumi.yaml and before every type of its resources. */
export const coreProvider = "bluegreen-core";

export const recordType = `${coreProvider}:index:Record`;

/** Holds nothing: it depends on all that the user's own component makes, so that it goes first. */
export const sealType = `${coreProvider}:index:Seal`;
