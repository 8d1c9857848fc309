/** What a worker can be told to do, and what it tells of it. */

/** Not every workload reads every field. */
export interface WorkOrder {
  readonly workload: string;
  /** Log, or planned requests, a line each. */
  readonly file?: string;
  /** Records that must come out of the log. */
  readonly lines?: number;
  /** Server that requests go to. */
  readonly origin?: string;
  readonly ratePerSecond?: number;
}

/** Figures of one run; times in ms. */
export interface Figures {
  /** User and system time of all threads of the process. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Things done: lines, sends, records. */
  readonly count: number;
  readonly lagP50Ms?: number;
  readonly lagP99Ms?: number;
  /** Least lag: below 0 where something was early. */
  readonly lagMinMs?: number;
}

/** The turns of one run as one; lags are those of its last turn. */
export const sumFigures = (turns: readonly Figures[]): Figures =>
  turns.reduce((sum, turn) => ({
    ...turn,
    cpuMs: sum.cpuMs + turn.cpuMs,
    wallMs: sum.wallMs + turn.wallMs,
    count: sum.count + turn.count,
  }));

export type Workload = (order: WorkOrder) => Promise<Figures>;

/** Runs `work`, which returns how much it did. */
export const measured = async (work: () => Promise<number> | number): Promise<Figures> => {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const count = await work();
  const { user, system } = process.cpuUsage(startCpu);
  return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startMs, count };
};

/** A field of the order that this workload cannot do without. */
export const needed = <K extends keyof WorkOrder>(order: WorkOrder, key: K): NonNullable<WorkOrder[K]> => {
  const value = order[key];
  if (value === undefined) throw new Error(`the workload ${order.workload} needs ${key}`);
  return value;
};
