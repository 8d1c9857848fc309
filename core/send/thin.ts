/** What switch and backoff leave out of the planned requests: one decision, on a laptop, in planners and in senders. */

import type { HeldBackReason, PlannedRequest } from '../types.ts';

/** What may be sent to a target now. */
export interface Allowance {
  /** Share (0–1) that the switch lets through. */
  readonly switchShare: number;
  /** Share (0–1) that backoff lets through; 1 for rules whose backoff is off. */
  readonly level: number;
  /** The target has asked to be left alone (`Retry-After`): not even probes are sent. */
  readonly isLeftAlone?: boolean;
}

/** Why a request is not to be sent, by its place among those its rule chose; undefined where it is. */
export const whyThinned = (
  { share = 0, isProbe = false }: Pick<PlannedRequest, 'share' | 'isProbe'>,
  { switchShare, level, isLeftAlone = false }: Allowance,
): Extract<HeldBackReason, 'kill_switch' | 'backoff'> | undefined => {
  if (share >= switchShare) return 'kill_switch';
  if (isLeftAlone) return 'backoff';
  return isProbe || share < switchShare * level ? undefined : 'backoff';
};
