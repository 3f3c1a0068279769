/** What the program and the provider must agree on: its version, and the record's type token. */

/**
 * Named by every resource of our own: the engine would otherwise take the setting
 * `bluegreen:version` for the provider's version.
 */
export const providerVersion = "0.1.0";

export const recordType = "bluegreen-core:index:Record";

/** Holds nothing: it depends on all that the user's own component makes, so that it goes first. */
export const sealType = "bluegreen-core:index:Seal";
