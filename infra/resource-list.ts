/** The list of a stack's resources, by which the command line finds its way. */

import { Stack } from 'aws-cdk-lib';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { resourcesParameterOf, type StackResources } from '../io/aws/resources.ts';

/** What is listed, and what destroying the stack asks for besides. */
export interface ListedResources extends StackResources {
  /** Whether the buckets are to be spared. */
  readonly retain: boolean;
  /** Senders that are reserved, to which a stack that could not be destroyed goes back; absent where none are. */
  readonly senderConcurrency?: number;
}

/** Writes the list into its parameter. */
export const listResources = (scope: Construct, resources: ListedResources): void => {
  const stack = Stack.of(scope);
  new StringParameter(scope, 'Resources', {
    parameterName: resourcesParameterOf(stack.stackName),
    stringValue: stack.toJsonString(resources),
    description: 'resources of this stack, for the command line',
    // Many targets take more than the 4 KB of the standard tier.
    tier: ParameterTier.INTELLIGENT_TIERING,
  });
};
