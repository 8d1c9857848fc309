/** The sender's place in a VPC, to reach private targets. */

import { Stack, Validations } from 'aws-cdk-lib';
import {
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { VpcSettings } from './settings.ts';

/** What Lambda does in the name of a function to tie it to a VPC. These take no resource. */
export const NETWORK_INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

/** Where a function stands. */
export interface Network {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

const importSubnets = (scope: Construct, settings: VpcSettings): ISubnet[] =>
  settings.subnetIds.map((subnetId, i) => {
    const routeTableId = settings.routeTableIds?.[i];
    const subnet = Subnet.fromSubnetAttributes(scope, `Subnet${i + 1}`, {
      subnetId,
      ...(settings.availabilityZones[i] === undefined
        ? {}
        : { availabilityZone: settings.availabilityZones[i] }),
      ...(routeTableId === undefined ? {} : { routeTableId }),
    });
    if (routeTableId === undefined)
      Validations.of(subnet).acknowledge({
        id: '@aws-cdk/aws-ec2:noSubnetRouteTableId',
        reason: 'only the endpoints need it, and settings without endpoints need not give it',
      });
    return subnet;
  });

/** Ways to the services that the sender calls, for subnets that lead nowhere else. */
class Endpoints extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { vpc, vpcSubnets, securityGroups }: Network,
    hasSecrets: boolean,
  ) {
    super(scope, id);
    new GatewayVpcEndpoint(this, 'DynamoDb', {
      vpc,
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [vpcSubnets],
    });
    const group = new SecurityGroup(this, 'Group', {
      vpc,
      description: `${Stack.of(this).stackName}: TLS from the sender to AWS services`,
      allowAllOutbound: false,
    });
    for (const from of securityGroups) group.addIngressRule(from, Port.tcp(443), 'TLS from the sender');
    const services = {
      Firehose: InterfaceVpcEndpointAwsService.KINESIS_FIREHOSE,
      ...(hasSecrets ? { Ssm: InterfaceVpcEndpointAwsService.SSM } : {}),
    };
    for (const [name, service] of Object.entries(services))
      new InterfaceVpcEndpoint(this, name, {
        vpc,
        service,
        subnets: vpcSubnets,
        securityGroups: [group],
        open: false,
      });
  }
}

/** The VPC by its ids alone: nothing is looked up, so that synth needs no account. */
export const createNetwork = (scope: Construct, settings: VpcSettings, hasSecrets: boolean): Network => {
  const place = new Construct(scope, 'Network');
  const vpc = Vpc.fromVpcAttributes(place, 'Vpc', {
    vpcId: settings.vpcId,
    availabilityZones: [...new Set(settings.availabilityZones)],
  });
  const network: Network = {
    vpc,
    vpcSubnets: { subnets: importSubnets(place, settings) },
    securityGroups: settings.securityGroupIds.map((groupId, i) =>
      SecurityGroup.fromSecurityGroupId(place, `Group${i + 1}`, groupId, { mutable: false }),
    ),
  };
  if (settings.endpoints) new Endpoints(place, 'Endpoints', network, hasSecrets);
  return network;
};
