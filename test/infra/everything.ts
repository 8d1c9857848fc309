/** A stack for which everything is set that can be set, and ways to look into one. */

import { expect } from 'vitest';
import { type Resource, resourcesOf, type Synthesised, writeRules } from './synthesise.ts';

/** Two targets, one of them with a secret. */
export const RULES = `
version: 1
targets: { staging: { url: "https://staging.example.com", maxRate: 500/s, timeout: 12s }, other: { url: "https://other.example.com" } }
rules:
  - { name: a, match: { host: api.example.com }, target: staging, headers: { set: { authorization: { fromEnv: TOKEN } } } }
  - { name: b, match: { host: api.example.com }, target: other }
`;

/** Everything that can be set, set. */
export const everything = () => ({
  stackName: 'full',
  rules: writeRules(RULES),
  delaySeconds: 300,
  retentionDays: 30,
  'sender.reservedConcurrency': 60,
  planner: { memoryMb: 2048, maxConcurrency: 20 },
  alarmEmail: 'ops@example.com',
  secrets: { TOKEN: '/staging/token', UNUSED: '/other/token' },
  vpc: {
    vpcId: 'vpc-0a1b2c3d',
    subnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d'],
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    securityGroupIds: ['sg-0a1b2c3d', 'sg-1a2b3c4d'],
    routeTableIds: ['rtb-0a1b2c3d', 'rtb-0a1b2c3d'],
  },
  permissionsBoundary: 'boundary',
  retain: true,
});

/** The one resource of a type whose logical id is picked. */
export const one = (
  from: Synthesised,
  type: string,
  pick: (id: string) => boolean = () => true,
): Resource => {
  const found = resourcesOf(from, type).filter(([id]) => pick(id));
  expect(found).toHaveLength(1);
  return (found[0] as (typeof found)[number])[1];
};
