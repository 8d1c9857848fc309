/** What a schema cannot say about settings: how they go with each other. */

import type { SettingFault } from './setting-faults.ts';
import type { Settings, VpcSettings } from './settings.ts';
import { plannersNeeded } from './sizing.ts';

const checkPlanners = (settings: Settings): readonly SettingFault[] => {
  const needed = plannersNeeded(settings);
  const given = settings.planner.maxConcurrency;
  if (given >= needed) return [];
  const message = `planner.maxConcurrency must be at least ${needed} for a delay of ${settings.delaySeconds} s, got ${given}`;
  return [
    { message, hint: 'an object is worked on for the delay and two buffers of 60 s, one comes every 60 s' },
  ];
};

const checkVpc = (vpc: VpcSettings): readonly SettingFault[] => {
  const faults: SettingFault[] = [];
  const subnets = vpc.subnetIds.length;
  if (vpc.availabilityZones.length !== subnets)
    faults.push({
      message: `vpc.availabilityZones must name one zone for each of the ${subnets} subnets, got ${vpc.availabilityZones.length}`,
    });
  if (vpc.endpoints && vpc.routeTableIds?.length !== subnets)
    faults.push({
      message: `vpc.routeTableIds must name one route table for each of the ${subnets} subnets, got ${vpc.routeTableIds?.length ?? 'nothing'}`,
      hint: 'the DynamoDB endpoint is a route in them; where the VPC has endpoints of its own, or a NAT, set vpc.endpoints to false',
    });
  return faults;
};

/** Every fault between settings, each of which is right for itself. */
export const checkSettings = (settings: Settings): readonly SettingFault[] => [
  ...checkPlanners(settings),
  ...(settings.vpc === undefined ? [] : checkVpc(settings.vpc)),
];
