/** What the planner is asked to do. */

/** `live`: due = recorded start + delay. `arrival`: counted from the moment at which the object is first planned. */
export type Timing = 'live' | 'arrival';

/** An object to plan. */
export interface ObjectRef {
  readonly bucket: string;
  /** As it is stored: not URL-encoded. */
  readonly key: string;
  readonly versionId?: string;
  /** Without quotes. */
  readonly etag?: string;
}

/** Where a hand-over left off. */
export interface Cursor {
  readonly object: ObjectRef;
  /** Hash of the rules and the way of slicing that the object was begun with. */
  readonly rulesHash: string;
  /** Epoch instant that due offsets count from: the delay where the timing is live. */
  readonly startAtMs: number;
  readonly nextSlice: number;
  /** Invocations that went before. */
  readonly hop: number;
}

export type Job =
  | { readonly kind: 'object'; readonly object: ObjectRef; readonly timing?: Timing }
  | { readonly kind: 'continuation'; readonly cursor: Cursor };
