/** The list of a stack's resources, by which the command line finds its way. */

import { Stack } from 'aws-cdk-lib';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { resourcesParameterOf, type StackResources } from '../io/aws/resources.ts';

/** What is listed, and whether destroying the stack is to spare its buckets. */
export interface ListedResources extends StackResources {
  readonly retain: boolean;
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
