/** What the planner did last, for people who ask how it is going. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expiresAfter, getItem, numberOf, numberValue, textOf, textValue, updateItem } from './dynamodb.ts';

const PK = 'last';
const KEPT_DAYS = 30;
const NO_REASONS = '{}';

/** The last object that was planned, in short. */
export interface LastObject {
  readonly run: string;
  readonly key: string;
  /** Epoch ms at which its planning ended. */
  readonly plannedAtMs: number;
  readonly lines: number;
  readonly rejected: number;
  readonly planned: number;
  readonly dispatched: number;
  readonly heldBack: number;
  /** Reason → count, of those held back. */
  readonly heldBackBy?: Readonly<Record<string, number>>;
}

const NUMBERS = ['plannedAtMs', 'lines', 'rejected', 'planned', 'dispatched', 'heldBack'] as const;

/**
 * Writes it down, unless a later one stands there.
 *
 * @throws RepriseError AWS_…
 */
export const writeLast = async (
  client: DynamoDBClient,
  table: string,
  summary: LastObject,
): Promise<void> => {
  const fields = ['run', 'key', ...NUMBERS, 'heldBackBy'] as const;
  await updateItem(client, {
    table,
    pk: PK,
    update: `SET ${fields.map((field) => `#${field} = :${field}`).join(', ')}, #expires = :expires`,
    condition: 'attribute_not_exists(#plannedAtMs) OR #plannedAtMs <= :plannedAtMs',
    names: {
      ...Object.fromEntries(fields.map((field) => [`#${field}`, field])),
      '#expires': 'expiresAtSeconds',
    },
    values: {
      ':run': textValue(summary.run),
      ':key': textValue(summary.key),
      ...Object.fromEntries(NUMBERS.map((field) => [`:${field}`, numberValue(summary[field])])),
      ':heldBackBy': textValue(JSON.stringify(summary.heldBackBy ?? {})),
      ':expires': expiresAfter(summary.plannedAtMs, KEPT_DAYS),
    },
  });
};

/**
 * The last object that was planned; undefined where none was in the last 30 days.
 *
 * @throws RepriseError AWS_…
 */
export const readLast = async (client: DynamoDBClient, table: string): Promise<LastObject | undefined> => {
  const item = await getItem(client, table, PK);
  if (item === undefined) return undefined;
  const reasons = textOf(item, 'heldBackBy') ?? NO_REASONS;
  const count = (name: string): number => numberOf(item, name) ?? 0;
  return {
    run: textOf(item, 'run') ?? '',
    key: textOf(item, 'key') ?? '',
    plannedAtMs: count('plannedAtMs'),
    lines: count('lines'),
    rejected: count('rejected'),
    planned: count('planned'),
    dispatched: count('dispatched'),
    heldBack: count('heldBack'),
    ...(reasons === NO_REASONS ? {} : { heldBackBy: JSON.parse(reasons) as Record<string, number> }),
  };
};
