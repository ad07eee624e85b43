/** The receiver will not take these spans, whenever they come. */
export class OtlpRefused extends Error {}
