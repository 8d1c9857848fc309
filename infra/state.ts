/** The one table: switch and level per target, leases and marks of objects, claims of slices, rates. All of it expires. */

import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/** Makes the table. It goes with its stack: what it holds is worth nothing a few days later. */
export const createStateTable = (scope: Construct): TableV2 =>
  new TableV2(scope, 'State', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    timeToLiveAttribute: 'expiresAtSeconds',
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    removalPolicy: RemovalPolicy.DESTROY,
  });
