/** What becomes of the lines that are shipped. */

/** Why a line that was read as it should be did not arrive. */
export const NOT_SHIPPED_REASONS = ['too_long', 'bad_time', 'lost', 'stopped'] as const;
export type NotShippedReason = (typeof NOT_SHIPPED_REASONS)[number];

/** What became of the lines that were given out. */
export interface ShipCounts {
  shipped: number;
  readonly notShipped: Record<NotShippedReason, number>;
  records: number;
  /** Of the records that arrived. */
  bytes: number;
  /** Why the stream did not take the lines that were lost last. */
  lastFault: string | undefined;
  /** The name that AWS has for that. */
  lastFaultName: string | undefined;
  /** Whole seconds by which instants were moved; undefined before the first line, and where nothing is moved. */
  shiftSeconds: number | undefined;
  /** Start of the first line that was shipped, and the latest start, as shipped, epoch ms. */
  firstStartAtMs: number | undefined;
  lastStartAtMs: number | undefined;
  /** The most that a line was put later than it was written, going by its moved instants; 0 where nothing is moved. */
  maxLateMs: number;
}

export const newShipCounts = (): ShipCounts => ({
  shipped: 0,
  notShipped: { too_long: 0, bad_time: 0, lost: 0, stopped: 0 },
  records: 0,
  bytes: 0,
  lastFault: undefined,
  lastFaultName: undefined,
  shiftSeconds: undefined,
  firstStartAtMs: undefined,
  lastStartAtMs: undefined,
  maxLateMs: 0,
});
