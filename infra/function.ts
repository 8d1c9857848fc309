/** A Lambda function with a role and a log of its own: no managed policy, no wildcard that it does not need. */

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  type FunctionProps,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface FunctionOptions
  extends Pick<
    FunctionProps,
    | 'memorySize'
    | 'onFailure'
    | 'recursiveLoop'
    | 'reservedConcurrentExecutions'
    | 'retryAttempts'
    | 'securityGroups'
    | 'vpc'
    | 'vpcSubnets'
  > {
  /** Folder with index.mjs. */
  readonly asset: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly maxEventAgeSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly retentionDays: number;
}

/** Days for which CloudWatch can keep logs. */
const KEPT_DAYS = Object.values(RetentionDays)
  .filter((days) => typeof days === 'number' && days !== RetentionDays.INFINITE)
  .map(Number)
  .toSorted((a, b) => a - b);

/** The shortest time that CloudWatch offers and that is not below `days`. */
export const logRetention = (days: number): RetentionDays =>
  KEPT_DAYS.find((kept) => kept >= days) ?? RetentionDays.TEN_YEARS;

/** A statement that allows `actions` on `resources`. */
export const allow = (
  actions: readonly string[],
  resources: readonly string[],
  conditions?: PolicyStatement['conditions'],
): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });

/** Makes the function. What it may do besides writing its log is added to its role. */
export const createFunction = (scope: Construct, options: FunctionOptions): LambdaFunction => {
  const { asset, timeoutSeconds, maxEventAgeSeconds, retentionDays, environment, ...props } = options;
  const logGroup = new LogGroup(scope, 'Log', {
    retention: logRetention(retentionDays),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `${Stack.of(scope).stackName}: ${options.description}`,
  });
  logGroup.grantWrite(role);
  return new LambdaFunction(scope, 'Function', {
    ...props,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: Code.fromAsset(asset),
    role,
    logGroup,
    // Metrics are JSON lines of their own and pass through as they are; the platform's line for every invocation would cost more than
    // all else.
    loggingFormat: LoggingFormat.JSON,
    systemLogLevelV2: SystemLogLevel.WARN,
    applicationLogLevelV2: ApplicationLogLevel.INFO,
    timeout: Duration.seconds(timeoutSeconds),
    maxEventAge: Duration.seconds(maxEventAgeSeconds),
    environment: { ...environment },
  });
};
