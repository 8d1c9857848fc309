/** What moves backoff of a target from outside of its windows: traffic that begins above what was recorded, and `Retry-After`. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { MAX_RETRY_AFTER_MS } from '../../core/send/retry-after.ts';
import { expiresAfter, numberValue, updateItem } from './dynamodb.ts';
import { QUIET_MS, TARGET_KEPT_DAYS, targetKey } from './target-state.ts';

/**
 * Sets the level at which the traffic of a target begins, if the target was quiet (no window for `QUIET_MS`) and its level is not lower
 * already. From there it grows window by window.
 *
 * @param start.level - share (0–1); see `startLevel`
 * @param start.nowMs - epoch ms
 * @returns whether it was set
 * @throws RepriseError AWS_…
 */
export const startTarget = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  { level, nowMs }: { readonly level: number; readonly nowMs: number },
): Promise<boolean> => {
  const started = await updateItem(client, {
    table,
    pk: targetKey(target),
    // What was counted before the target was quiet says nothing of the traffic to come: it must not raise the level at once.
    update:
      'SET #level = :level, #wasOver = :zero, #floorWindows = :zero, #n = :zero, #over = :zero, #failed = :zero, #expires = :expires',
    condition:
      '(attribute_not_exists(#window) OR #window < :quiet) AND (attribute_not_exists(#level) OR #level > :level) ' +
      'AND (attribute_not_exists(#isOpen) OR #isOpen = :zero)',
    names: {
      '#level': 'level',
      '#wasOver': 'wasOver',
      '#floorWindows': 'floorWindows',
      '#isOpen': 'isOpen',
      '#window': 'window',
      '#n': 'n',
      '#over': 'over',
      '#failed': 'failed',
      '#expires': 'expiresAtSeconds',
    },
    values: {
      ':level': numberValue(level),
      ':zero': numberValue(0),
      ':quiet': numberValue(nowMs - QUIET_MS),
      ':expires': expiresAfter(nowMs, TARGET_KEPT_DAYS),
    },
  });
  return started !== 'condition_failed';
};

/**
 * Has everybody leave a target alone until then. The latest instant stands; none is further off than `MAX_RETRY_AFTER_MS` from now.
 *
 * @param ask.untilMs - epoch ms
 * @param ask.nowMs - epoch ms
 * @returns whether nobody had asked for as long before
 * @throws RepriseError AWS_…
 */
export const leaveAlone = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  { untilMs, nowMs }: { readonly untilMs: number; readonly nowMs: number },
): Promise<boolean> => {
  const left = await updateItem(client, {
    table,
    pk: targetKey(target),
    update: 'SET #retryAt = :until, #expires = :expires',
    condition: 'attribute_not_exists(#retryAt) OR #retryAt < :until',
    names: { '#retryAt': 'retryAtMs', '#expires': 'expiresAtSeconds' },
    values: {
      ':until': numberValue(Math.min(untilMs, nowMs + MAX_RETRY_AFTER_MS)),
      ':expires': expiresAfter(nowMs, TARGET_KEPT_DAYS),
    },
  });
  return left !== 'condition_failed';
};
