/** DynamoDB, as little of it as the state table needs: every item has the key `pk` and the TTL attribute `expiresAtSeconds`. */

import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { RepriseError } from '../../core/errors.ts';
import { awsError, awsNameOf } from './aws-error.ts';

/** An item, or what a call gave back of it. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface ItemUpdate {
  readonly table: string;
  readonly pk: string;
  /** An update expression. */
  readonly update: string;
  /** A condition expression; where it does not hold, nothing is changed. */
  readonly condition?: string;
  /** Values of the `:placeholders`. */
  readonly values: Attributes;
  /** Attributes behind the `#placeholders`: for names that DynamoDB reserves. */
  readonly names?: Readonly<Record<string, string>>;
  /** Default `NONE`. */
  readonly returnValues?: 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW';
}

const explain = (doing: string, action: string, table: string, error: unknown): RepriseError =>
  awsError(`${doing} the table ${table}`, error, { needs: `dynamodb:${action} on the table ${table}` });

/** A number as an attribute. */
export const numberValue = (value: number): AttributeValue => ({ N: String(value) });

/** A text as an attribute. */
export const textValue = (value: string): AttributeValue => ({ S: value });

/** The number in the attribute `name`; undefined where there is none. */
export const numberOf = (item: Attributes | undefined, name: string): number | undefined => {
  const text = item?.[name]?.N;
  return text === undefined ? undefined : Number(text);
};

/** The text in the attribute `name`; undefined where there is none. */
export const textOf = (item: Attributes | undefined, name: string): string | undefined => item?.[name]?.S;

/** TTL value for an item that is of no use `days` after `nowMs`. DynamoDB removes it within some days after. */
export const expiresAfter = (nowMs: number, days: number): AttributeValue =>
  numberValue(Math.ceil(nowMs / 1000) + Math.round(days * 86_400));

/**
 * Reads an item; undefined where there is none.
 *
 * @param options.consistent - sees every write that has ended; costs twice as much; default false
 * @throws RepriseError AWS_…
 */
export const getItem = async (
  client: DynamoDBClient,
  table: string,
  pk: string,
  options: { readonly consistent?: boolean } = {},
): Promise<Attributes | undefined> => {
  try {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: { pk: { S: pk } },
        ConsistentRead: options.consistent === true,
      }),
    );
    return Item;
  } catch (error) {
    throw explain('read from', 'GetItem', table, error);
  }
};

/**
 * Changes an item in one step, and makes it where there is none. The SDK repeats a call whose answer was lost: a condition must let
 * through what the same call has written, and an ADD may count twice.
 *
 * @returns the attributes that `returnValues` asks for, or `condition_failed`
 * @throws RepriseError AWS_…
 */
export const updateItem = async (
  client: DynamoDBClient,
  { table, pk, update, condition, values, names, returnValues = 'NONE' }: ItemUpdate,
): Promise<Attributes | 'condition_failed'> => {
  let answer: UpdateItemCommandOutput;
  try {
    answer = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: pk } },
        UpdateExpression: update,
        ExpressionAttributeValues: values,
        ReturnValues: returnValues,
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
        ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      }),
    );
  } catch (error) {
    if (awsNameOf(error) === 'ConditionalCheckFailedException') return 'condition_failed';
    throw explain('write to', 'UpdateItem', table, error);
  }
  return answer.Attributes ?? {};
};
