/** What a deployment asks of rules beyond `reprise rules check`: docs/rules.md, "On AWS", says it to people. */

import { RepriseError } from '../core/errors.ts';
import { type SenderLoad, senderLoads, sendersNeeded } from '../core/pace/senders-needed.ts';
import { formatCount, formatRate } from '../core/report/format.ts';
import type { RawPacing } from '../core/rules/raw-rules.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { Report, RuleSource } from '../core/rules/rule-source.ts';
import { parseTargetUrl } from '../core/rules/target-url.ts';
import { blockedTarget } from './reach.ts';
import type { Settings } from './settings.ts';
import { MAX_RESERVED_SENDERS } from './settings-schema.ts';

const NOWHERE = 'which no replay may reach';
const BLOCKED_HINT = 'give a server of yours, by name or by its own address';
/** Targets that are shown by name. */
const SHOWN_AT_MOST = 5;

const isLive = ({ mode, speed = 1 }: RawPacing): boolean => mode !== 'constant' && speed === 1;

const describePacing = ({ mode = 'recorded', speed, rate }: RawPacing): string =>
  mode === 'constant' ? `constant at ${rate}` : `${mode} at speed ${speed ?? 1}`;

const checkPacing = (source: RuleSource, report: Report): void => {
  for (const { raw, file, path } of source.rules) {
    if (raw?.pacing === undefined || isLive(raw.pacing)) continue;
    const live = raw.pacing.mode === 'constant' ? 'mode recorded or even' : 'speed 1';
    report(
      { file, path: [...path, 'pacing'] },
      {
        code: 'PACING_NOT_LIVE',
        message: `pacing of live traffic must be recorded or even, at speed 1, got ${describePacing(raw.pacing)}`,
        hint: `use ${live}, or deploy with -c timing=arrival, which replays each object at a rhythm of its own`,
      },
    );
  }
};

const checkSecrets = (source: RuleSource, secrets: Settings['secrets'], report: Report): void => {
  const mapped = Object.keys(secrets);
  for (const { raw, file, path } of source.rules)
    for (const [name, value] of Object.entries(raw?.headers?.set ?? {})) {
      if (typeof value === 'string' || Object.hasOwn(secrets, value.fromEnv)) continue;
      report(
        { file, path: [...path, 'headers', 'set', name] },
        {
          code: 'SECRET_UNMAPPED',
          message: `${JSON.stringify(value.fromEnv)} is not in the setting secrets, which maps names of fromEnv to SSM parameters`,
          hint: `it maps ${mapped.join(', ') || 'nothing'}; add -c secrets.${value.fromEnv}=/name/of/parameter`,
        },
      );
    }
};

const checkReach = (source: RuleSource, report: Report): void => {
  for (const { name, raw, file, path } of source.targets) {
    const url = parseTargetUrl(raw?.url ?? '');
    const reason = url.kind === 'ok' ? blockedTarget(url) : undefined;
    if (reason === undefined) continue;
    report(
      { file, path: [...path, 'url'] },
      {
        code: 'TARGET_BLOCKED',
        message: `the target ${JSON.stringify(name)} is ${reason}, ${NOWHERE}, got ${raw?.url}`,
        hint: BLOCKED_HINT,
      },
    );
  }
};

/** Reports what one rule file holds that this stack cannot carry out. */
export const checkSource = (source: RuleSource, settings: Settings, report: Report): void => {
  if (settings.timing === 'live') checkPacing(source, report);
  checkSecrets(source, settings.secrets, report);
  checkReach(source, report);
};

/** @throws RepriseError TARGET_BLOCKED for a target, given by a setting, that senders refuse */
export const checkTargets = ({ targets }: RuleSet): void => {
  for (const target of Object.values(targets)) {
    const reason = blockedTarget(target);
    if (reason === undefined) continue;
    const message = `target: ${target.origin} is ${reason}, ${NOWHERE}`;
    throw new RepriseError('TARGET_BLOCKED', message, { hint: BLOCKED_HINT });
  }
};

const rateWords = (rate: number | undefined): string => {
  if (rate === undefined) return 'no maxRate';
  return Number.isInteger(rate) ? `${formatCount(rate)}/s` : formatRate(rate);
};

const needWords = (load: SenderLoad): string => {
  const { target, ratePerSecond: rate, timeoutMs } = load;
  const senders = formatCount(sendersNeeded([load]));
  return `${target} needs ${senders} (${rateWords(rate)}, timeout ${timeoutMs / 1000} s)`;
};

/** The targets by what they need, the greediest first. */
const needsOf = (loads: readonly SenderLoad[]): string => {
  const sorted = loads.toSorted((a, b) => sendersNeeded([b]) - sendersNeeded([a]));
  const more = sorted.length - SHOWN_AT_MOST;
  return [...sorted.slice(0, SHOWN_AT_MOST).map(needWords), ...(more > 0 ? [`${more} more`] : [])].join(', ');
};

/** @throws RepriseError SETTINGS_INVALID when fewer senders are reserved than slow targets keep busy */
export const checkSenders = (ruleSet: RuleSet, { sender: { reservedConcurrency } }: Settings): void => {
  const loads = senderLoads(ruleSet);
  const needed = sendersNeeded(loads);
  if (reservedConcurrency === 'none' || reservedConcurrency >= needed) return;
  const set =
    needed > MAX_RESERVED_SENDERS
      ? 'set sender.reservedConcurrency to none'
      : 'raise sender.reservedConcurrency or set it to none';
  throw new RepriseError(
    'SETTINGS_INVALID',
    `sender.reservedConcurrency must be at least ${formatCount(needed)} for these targets, or none, got ${reservedConcurrency}`,
    { hint: `${needsOf(loads)}; ${set}, or lower maxRate or timeout` },
  );
};
