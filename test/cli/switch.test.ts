import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';

const NAME = '/reprise/prod/switch';

let ssm: SsmEndpoint;
let env: Record<string, string>;

beforeAll(async () => {
  ssm = await startSsm();
});
beforeEach(() => {
  env = useEndpoints({ ssm });
  ssm.state.parameters.set(NAME, {
    value: '25%',
    type: 'String',
    version: 3,
    lastModifiedMs: Date.now() - 1_085_000,
    description: 'turned off by the breaker at noon',
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  ssm.heal();
  ssm.state.parameters.clear();
});
afterAll(() => ssm.close());

const onSwitch = (...args: string[]) => repriseOnAws(env, ['switch', ...args, '--stack', 'prod']);

describe('reprise switch', () => {
  it('shows what the switch is, since when, by whom and why', async () => {
    const { code, stdout, stderr } = await onSwitch();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const since = new Date(ssm.state.parameters.get(NAME)?.lastModifiedMs ?? 0).toISOString();
    expect(stdout).toBe(
      `switch of prod: 25%\nsince ${since.slice(0, 19).replace('T', ' ')}Z (18 m ago), by alice\nturned off by the breaker at noon\n`,
    );
  });

  it('shows it as JSON', async () => {
    const { stdout } = await onSwitch('--json');
    expect(JSON.parse(stdout)).toEqual({
      stack: 'prod',
      parameter: NAME,
      value: '25%',
      share: 0.25,
      since: new Date(ssm.state.parameters.get(NAME)?.lastModifiedMs ?? 0).toISOString(),
      by: 'arn:aws:iam::123456789012:user/alice',
      description: 'turned off by the breaker at noon',
    });
  });

  it('says what a value counts as that is none', async () => {
    ssm.state.set(NAME, 'yes');
    expect((await onSwitch()).stdout).toMatch(
      /^switch of prod: "yes", which counts as off\nsince .* \(just now\)/,
    );
  });

  it('shows the value alone where nothing more may be read', async () => {
    ssm.fail({ operation: 'DescribeParameters', status: 400, code: 'AccessDeniedException' });
    const { code, stdout } = await onSwitch();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^switch of prod: 25%\nsince [^,\n]*\n$/);
  });

  it.each([
    ['on', 'on', 'on'],
    ['OFF', 'off', 'off'],
    ['5%', '5%', '5%'],
    ['0%', 'off', 'off'],
    ['100%', 'on', 'on'],
    ['0.5%', '0.5%', '0.5%'],
  ])('turns it to %s, and says from what and how soon', async (given, stored, shown) => {
    const { code, stdout, stderr } = await onSwitch(given);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `switch of prod: 25% → ${shown}\nit takes effect within 5 seconds\n`,
      stderr: '',
    });
    expect(ssm.state.parameters.get(NAME)).toMatchObject({
      value: stored,
      version: 4,
      description: `turned from 25% to ${shown} with reprise switch`,
    });
  });

  it('keeps why it was turned', async () => {
    const { stdout } = await onSwitch('off', '--why', 'sale begins', '--json');
    expect(JSON.parse(stdout)).toEqual({
      stack: 'prod',
      parameter: NAME,
      before: '25%',
      value: 'off',
      share: 0,
      description: 'turned from 25% to off with reprise switch: sale begins',
      takesEffectWithinSeconds: 5,
    });
    expect(ssm.state.parameters.get(NAME)?.description).toBe(
      'turned from 25% to off with reprise switch: sale begins',
    );
  });

  const ALLOWED =
    'off sends nothing, on all that the rules choose, 25% a quarter of it; without a value the switch is shown';

  it.each([
    ['maybe', ALLOWED],
    ['25', 'did you mean 25%?'],
    ['101', ALLOWED],
    ['101%', ALLOWED],
    ['-1%', ALLOWED],
    ['true', ALLOWED],
    ['', ALLOWED],
  ])('refuses %j, says what is allowed, and writes nothing', async (value, hint) => {
    const { code, stdout, stderr } = await repriseOnAws(env, ['switch', '--stack', 'prod', '--', value]);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: the switch must be on, off or a percentage from 0% to 100%, such as 25%, got "${value}"\nhint: ${hint}\n`,
    });
    expect(ssm.state.parameters.get(NAME)?.value).toBe('25%');
  });

  it('wants a value with --why', async () => {
    expect(await onSwitch('--why', 'x')).toMatchObject({
      code: 2,
      stderr: 'error: --why needs a value to turn the switch to: on, off or a percentage\n',
    });
  });

  it.each([[[]], [['off']]])('says where it looked when there is no such stack (%j)', async (args) => {
    ssm.state.parameters.clear();
    expect(await onSwitch(...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: no switch of a stack "prod" in the region us-east-1: there is no parameter /reprise/prod/switch\n' +
        'hint: is the stack deployed, under this name, and in this region (AWS_REGION) and account (AWS_PROFILE)?\n',
    });
    expect(ssm.state.parameters.size).toBe(0);
  });

  it('says which permission is missing', async () => {
    ssm.fail({ operation: 'PutParameter', status: 400, code: 'AccessDeniedException', message: 'no' });
    const { code, stderr } = await onSwitch('off');
    expect(code).toBe(3);
    expect(stderr).toBe(
      'error: the switch of prod was NOT changed: cannot write the parameter /reprise/prod/switch: access denied: no\n' +
        'hint: the credentials in use must be allowed ssm:PutParameter on the parameter /reprise/prod/switch\n',
    );
  });

  it('says that nothing was changed where the switch cannot even be read', async () => {
    const writes = ssm.count('PutParameter');
    ssm.fail({ operation: 'GetParameter', status: 400, code: 'ThrottlingException', message: 'Slow.' });
    expect(await onSwitch('off')).toMatchObject({
      code: 3,
      stdout: '',
      stderr:
        'error: the switch of prod was NOT changed: cannot read the parameter /reprise/prod/switch: AWS throttles the calls: slow\n' +
        'hint: try again in a moment; if it goes on, ask AWS for a higher quota\n',
    });
    expect(ssm.count('PutParameter')).toBe(writes);
  });

  it.each([
    [
      { reset: 'after' },
      'AWS cannot be reached: socket hang up',
      'check the network, the region and any proxy or endpoint setting',
    ],
    [{ status: 500, message: 'Oops.' }, 'oops', 'the fault is on the side of AWS: try again'],
  ] as const)('says that it is not known what has become of a write: %j', async (fault, why, hint) => {
    ssm.fail({ operation: 'PutParameter', ...fault });
    expect(await onSwitch('off')).toMatchObject({
      code: 3,
      stdout: '',
      stderr:
        `error: it is not known whether the switch of prod was changed: cannot write the parameter /reprise/prod/switch: ${why}\n` +
        `hint: reprise switch --stack prod shows what it is; ${hint}\n`,
    });
  });

  it('asks nothing that turning it does not need', async () => {
    const before = ssm.calls.length;
    await onSwitch('off');
    expect(ssm.calls.slice(before).map(({ operation }) => operation)).toEqual([
      'GetParameter',
      'PutParameter',
    ]);
  });

  it('says when no region is set', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_DEFAULT_REGION', undefined);
    const { code, stderr } = await onSwitch();
    expect(code).toBe(3);
    expect(stderr).toBe(
      'error: cannot read the parameter /reprise/prod/switch: no AWS region is set\nhint: set AWS_REGION, or a region in the AWS profile in use\n',
    );
  });

  it('wants a stack', async () => {
    expect(await repriseOnAws(env, ['switch', 'off'])).toMatchObject({
      code: 2,
      stderr: "error: required option '--stack <NAME>' not specified\nhint: --help shows what is allowed\n",
    });
  });
});
