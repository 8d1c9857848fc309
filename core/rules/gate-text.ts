/** The text of a gate, read from left to right. */

/** What is wrong with a gate; `offset` is where in its text. */
export interface GateFault {
  readonly kind: 'fault';
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** A place in the text of a gate. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** What is wrong at an offset. */
export const fault = (offset: number, message: string, hint?: string): GateFault =>
  hint === undefined ? { kind: 'fault', offset, message } : { kind: 'fault', offset, message, hint };

/** Whether reading came upon a fault. */
export const isFault = (value: object): value is GateFault => 'kind' in value && value.kind === 'fault';

/** Takes what the pattern matches right here, and the blanks behind it; undefined where it does not match. */
export const take = (cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined => {
  const found = new RegExp(`(?:${pattern.source})\\s*`, 'y');
  found.lastIndex = cursor.at;
  const match = found.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = found.lastIndex;
  return match;
};
