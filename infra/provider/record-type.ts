/** Type token of the record's resource, for the program and for the provider. */

export const recordType = "bluegreen:index:Record";
