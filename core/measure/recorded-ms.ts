import type { RecordedAnswer } from '../types.ts';

/**
 * The recorded latency that ours is put beside, in ms: that of the service behind the proxy where it is logged, since the whole request's
 * holds the client's slow download as well.
 */
export const recordedMs = ({ originMs, durationMs }: RecordedAnswer): number | undefined =>
  originMs ?? durationMs;
