/** The kill switch: one parameter, which deployments make once and never touch again. */

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { switchParameterOf } from '../io/aws/resources.ts';

/**
 * Makes the switch, off. Whoever turns it changes value and description behind CloudFormation's back, which sees only that the template
 * says what it always said: so every property is a constant, no setting goes in, and no tag does (the stack leaves it out).
 */
export const createKillSwitch = (scope: Construct): CfnParameter => {
  const parameter = new CfnParameter(scope, 'Switch', {
    name: switchParameterOf(Stack.of(scope).stackName),
    type: 'String',
    value: 'off',
    description: 'off since it was made: reprise switch on',
  });
  parameter.applyRemovalPolicy(RemovalPolicy.DESTROY);
  return parameter;
};
