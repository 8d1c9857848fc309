/** The topic that alarms tell, and the address that hears of them. */

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/** Makes it; without an address nobody hears of it yet. */
export const createAlarmTopic = (scope: Construct, email: string | undefined): Topic => {
  const { stackName, account } = Stack.of(scope);
  const topic = new Topic(scope, 'Topic', { displayName: `Reprise ${stackName}`, enforceSSL: true });
  // A policy of one's own replaces the one that lets alarms of the account in.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  );
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  return topic;
};
