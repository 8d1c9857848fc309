/** What all senders together have in flight of the rules that have a limit of their own. */

import { SWITCH_CHECK_EVERY_MS } from '../../core/send/kill-switch.ts';
import { createWindowCounter } from '../../core/send/window-counter.ts';
import type { HealthWriter } from '../../io/aws/target-health.ts';
import { errorText, type WriteLog } from '../log.ts';
import { createHealth } from './health.ts';
import { startPolling } from './polling.ts';

export interface RuleGaugesOptions {
  /** Rules of the slice that have a limit. */
  readonly rules: readonly string[];
  readonly gaugeOf: (rule: string) => HealthWriter;
  /** Requests of a rule in flight from here. */
  readonly inFlightOf: (rule: string) => number;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface RuleGauges {
  /** Requests of a rule in flight from other senders, as last known. */
  othersInFlight(rule: string): number;
  /** Tells what is left, and ends. */
  end(): Promise<void>;
}

/** One rule's gauge, looked at every second: by itself, so that a rule keeps no look at the switch waiting. */
const watchRule = (rule: string, options: RuleGaugesOptions) => {
  const { gaugeOf, inFlightOf, wallClock, log } = options;
  const gauge = gaugeOf(rule);
  const health = createHealth({
    read: () => gauge.read(wallClock()),
    write: (sample) => gauge.write(sample),
    counter: createWindowCounter({
      backoffOf: () => ({ kind: 'off' }),
      recordedP95Ms: () => undefined,
      clock: () => 0,
    }),
    inFlight: () => inFlightOf(rule),
    wallClock,
    log,
  });
  let others = 0;
  let hasFailed = false;
  const look = async (): Promise<void> => {
    try {
      others = (await health.look())?.othersInFlight ?? 0;
    } catch (error) {
      if (!hasFailed) log({ level: 'WARN', code: 'RULE_GAUGE_UNREADABLE', message: errorText(error), rule });
      // One line a slice.
      hasFailed = true;
    }
  };
  const polling = startPolling(look, SWITCH_CHECK_EVERY_MS, 0);
  return { others: () => others, end: () => polling.stop().then(health.end) };
};

/** Watches the gauges of these rules until the end. */
export const watchRuleGauges = (options: RuleGaugesOptions): RuleGauges => {
  const watched = new Map(options.rules.map((rule) => [rule, watchRule(rule, options)]));
  return {
    othersInFlight: (rule) => watched.get(rule)?.others() ?? 0,
    end: async () => {
      await Promise.all([...watched.values()].map(({ end }) => end()));
    },
  };
};
