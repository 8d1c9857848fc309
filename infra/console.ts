/** Addresses of the console, whose domain is another in China and in GovCloud. */

import { CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const DOMAIN = 'console.aws.amazon.com';
/** Partitions (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html) whose console is elsewhere. */
const ELSEWHERE = [
  { id: 'InChina', partition: 'aws-cn', domain: 'console.amazonaws.cn' },
  { id: 'InGovCloud', partition: 'aws-us-gov', domain: 'console.amazonaws-us-gov.com' },
];

/** Only the deployment knows which partition it is. */
const domainOf = (stack: Stack): string =>
  ELSEWHERE.reduce((otherwise, { id, partition, domain }) => {
    const expression = Fn.conditionEquals(stack.partition, partition);
    if (stack.node.tryFindChild(id) === undefined) new CfnCondition(stack, id, { expression });
    return Fn.conditionIf(id, domain, otherwise).toString();
  }, DOMAIN);

/**
 * The console of the region of the stack that `scope` is in.
 *
 * @param path - below it, without a slash before it
 */
export const consoleUrl = (scope: Construct, path: string): string => {
  const stack = Stack.of(scope);
  return `https://${stack.region}.${domainOf(stack)}/${path}`;
};
