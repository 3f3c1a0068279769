/** The word for a value that is secret and still closed. */

/** Stands for a value that only the engine can decrypt. */
export const opaqueSecret = "[secret]";
