/** What is known of each target's backoff: what its item said last. */

/** How much a target takes. */
export interface TargetLevel {
  /** Share (0–1) that backoff lets through; 0: nothing but probes. */
  readonly level: number;
  /** Epoch instant until which the target has asked to be left alone. */
  readonly retryAtMs?: number | undefined;
}

export interface TargetLevels {
  /** The last level known. Nothing known: all goes, as a switch that nobody mirrors ages to off by itself. */
  of(target: string): TargetLevel;
  /**
   * Takes note of the item as it was found; undefined where there is none.
   *
   * @param askedAtMs - when the call was made; what was asked for before what is known already is of no account
   */
  see(target: string, state: TargetLevel | undefined, askedAtMs: number): void;
}

const UNKNOWN: TargetLevel = { level: 1 };

/** Makes an empty memory. */
export const createTargetLevels = (): TargetLevels => {
  const known = new Map<string, { readonly state: TargetLevel; readonly askedAtMs: number }>();
  return {
    of: (target) => known.get(target)?.state ?? UNKNOWN,
    see: (target, state, askedAtMs) => {
      const before = known.get(target);
      if (state === undefined || (before !== undefined && before.askedAtMs > askedAtMs)) return;
      known.set(target, { state, askedAtMs });
    },
  };
};
