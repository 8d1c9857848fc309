/** How settings that are lists or mappings are given behind `-c`, which takes text. */

/** Text that needs no care in a shell. */
const PLAIN = /^[\w./@:-]+$/;

const listOf =
  (kind: string, example: string) =>
  (given: string): string => {
    const items = given.split(/[\s,]+/).filter((item) => PLAIN.test(item) && item.startsWith(kind));
    return `='${JSON.stringify(items.length > 0 ? items : [example])}'`;
  };

const idsOf = (kind: string) => listOf(`${kind}-`, `${kind}-0a1b2c3d`);

const partOf =
  (part: string, kind: RegExp, example: string) =>
  (given: string): string =>
    `.${part}=${PLAIN.test(given) && kind.test(given) ? given : example}`;

const FORMS: Readonly<Record<string, (given: string) => string>> = {
  sender: partOf('memoryMb', /^\d+$/, '1024'),
  planner: partOf('memoryMb', /^\d+$/, '2048'),
  secrets: () => '.NAME=/name/of/parameter',
  vpc: partOf('vpcId', /^vpc-/, 'vpc-0a1b2c3d'),
  'vpc.subnetIds': idsOf('subnet'),
  'vpc.securityGroupIds': idsOf('sg'),
  'vpc.availabilityZones': listOf('', 'eu-west-1a'),
  'vpc.routeTableIds': idsOf('rtb'),
  existingLogBucket: partOf('name', /^[a-z0-9][a-z0-9.-]+$/, 'my-logs'),
};

/**
 * What to type for a setting, with what was given for it where that fits: `-c vpc.subnetIds='["subnet-0a1b2c3d"]'`.
 *
 * @returns undefined for a setting that is neither list nor mapping
 */
export const formOf = (setting: string, given: string): string | undefined => {
  const form = Object.hasOwn(FORMS, setting) ? FORMS[setting] : undefined;
  return form && `-c ${setting}${form(given)}`;
};
