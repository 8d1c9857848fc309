/** The planner on AWS: which service does what. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { addBudgetBytes, takeBudget } from '../../io/aws/budgets.ts';
import { invokeAsync } from '../../io/aws/lambda.ts';
import { writeLast } from '../../io/aws/last-object.ts';
import { createObjectStates } from '../../io/aws/object-state.ts';
import { takeRate } from '../../io/aws/rate-limits.ts';
import { putText, s3LogInput } from '../../io/aws/s3.ts';
import { makeVisibleIn } from '../../io/aws/sqs.ts';
import { readParameter } from '../../io/aws/ssm.ts';
import { startTarget } from '../../io/aws/target-moves.ts';
import { mirrorSwitch } from '../../io/aws/target-state.ts';
import type { PlannerSettings } from './config.ts';
import type { PlannerClock } from './planner-clock.ts';
import type { PlannerDeps } from './planner-deps.ts';

export interface PlannerParts {
  readonly settings: PlannerSettings;
  readonly ruleSet: RuleSet;
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  /** Made with `maxAttempts: 1`: who waits for what is decided slice by slice. */
  readonly lambda: LambdaClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
  readonly clock: PlannerClock;
  readonly random: () => number;
  readonly newOwner: () => string;
  /** Writes to standard output as it is. */
  readonly write: (text: string) => void;
}

/** Makes the functions that the planner works with. */
export const wirePlanner = (parts: PlannerParts): PlannerDeps => {
  const { settings, ruleSet, s3, dynamo, lambda, ssm, sqs, clock, random, newOwner, write } = parts;
  const {
    stateTable: table,
    resultsBucket,
    senderFunction,
    ownFunction,
    switchParameter,
    queueUrl,
  } = settings;
  return {
    stack: settings.stack,
    timing: settings.timing,
    delayMs: settings.delayMs,
    ruleSet,
    clock,
    random,
    newOwner,
    openObject: (object) => s3LogInput(s3, object),
    states: createObjectStates(dynamo, table),
    readSwitch: async () => (await readParameter(ssm, switchParameter))?.value,
    mirrorSwitch: (target, reading) => mirrorSwitch(dynamo, table, target, reading),
    startTarget: (target, start) => startTarget(dynamo, table, target, start),
    takeRate: (ask) => takeRate(dynamo, table, ask),
    takeBudget: (ask) => takeBudget(dynamo, table, ask),
    giveBackBudget: (room) => addBudgetBytes(dynamo, table, { ...room, bytes: 0 }),
    invokeSender: (payload) => invokeAsync(lambda, senderFunction, payload),
    invokeSelf: (payload) => invokeAsync(lambda, ownFunction, payload),
    putResult: (key, text, contentType) => putText(s3, resultsBucket, key, text, { contentType }),
    writeLast: (last) => writeLast(dynamo, table, last),
    makeVisibleIn: (receiptHandle, seconds) => makeVisibleIn(sqs, queueUrl, receiptHandle, seconds),
    write: (line) => write(`${line}\n`),
  };
};
