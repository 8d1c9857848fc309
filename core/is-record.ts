/** One answer to what counts as an object with fields, wherever data comes from outside. */

/** Whether `value` is an object whose fields can be looked at: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
