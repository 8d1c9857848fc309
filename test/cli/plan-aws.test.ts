import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LambdaEndpoint, startLambda } from '../support/aws/lambda.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';
import { tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';

const folders = tempFolders();
let lambda: LambdaEndpoint;
let env: Record<string, string>;

beforeAll(async () => {
  lambda = await startLambda();
});
beforeEach(() => {
  env = useEndpoints({ lambda });
});
afterEach(() => {
  vi.unstubAllEnvs();
  lambda.heal();
});
afterAll(async () => {
  folders.removeAll();
  await lambda.close();
});

/** Three targets: one with a limit, a slow one whose rule has a limit, one that gets nothing. */
const RULES = `version: 1
targets:
  fast: { url: "https://fast.example.com", maxRate: 5/s }
  slow: { url: "https://slow.example.com", timeout: 60s }
  idle: { url: "https://idle.example.com" }
rules:
  - { name: a, match: { host: shop.example.com }, target: fast }
  - { name: b, match: { host: shop.example.com }, target: slow, maxRate: 8/s }
  - { name: c, match: { host: other.example.com }, target: idle }
`;

const planOnAws = async (unreserved: number, all = 1_000, ...flags: string[]) => {
  const cwd = folders.make();
  writeFileSync(join(cwd, 'a.log'), steadyLog(100, 100));
  writeFileSync(join(cwd, 'rules.yaml'), RULES);
  lambda.limit({ ConcurrentExecutions: all, UnreservedConcurrentExecutions: unreserved });
  const rules = join(cwd, 'rules.yaml');
  return repriseOnAws(env, ['plan', 'a.log', '--rules', rules, '--aws', ...flags], {
    cwd,
    columns: 100,
    env: { NO_COLOR: '1' },
  });
};

/** What stands behind the plan itself. */
const addedTo = (stdout: string): string => stdout.slice(stdout.indexOf('\n  on AWS\n') + 1);

describe('plan --aws', () => {
  it('shows the senders that the plan needs, and that the account has them', async () => {
    const { code, stdout, stderr } = await planOnAws(900);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}would send /);
    expect(addedTo(stdout)).toBe(
      [
        '  on AWS',
        '  target  at most  timeout  senders',
        '  fast     5.00/s     10 s        4',
        '  slow     8.00/s     60 s       14',
        '  needs 18 senders at once when every target answers at its timeout',
        '  the account allows 1,000 functions at once in us-east-1, 900 of them reserved by none',
        '  it fits',
        '',
      ].join('\n'),
    );
  });

  it('says that they cannot be reserved where Lambda keeps the rest', async () => {
    const { code, stdout } = await planOnAws(100, 200);
    expect(code).toBe(0);
    expect(addedTo(stdout).replace(/\n {2}/g, ' ')).toContain(
      ' it fits, but not to be reserved, as 100 must stay free: deploy with -c sender.reservedConcurrency=none, or raise the quota ' +
        '"Concurrent executions" of Lambda (L-B99A9384 in Service Quotas) to 218 or more',
    );
  });

  it('says by how much it does not fit, and which quota to raise', async () => {
    const { code, stdout } = await planOnAws(10, 10);
    expect(code).toBe(0);
    expect(addedTo(stdout).replace(/\n {2}/g, ' ')).toContain(
      ' it does not fit: 8 senders too many; raise the quota "Concurrent executions" of Lambda (L-B99A9384 in Service Quotas) to 118 or more, or lower maxRate or timeout',
    );
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('has it in its JSON', async () => {
    const { stdout } = await planOnAws(900, 1_000, '--json');
    const { aws, rules } = JSON.parse(stdout);
    expect(rules).toHaveLength(3);
    expect(aws).toEqual({
      sendersNeeded: 18,
      targets: [
        { target: 'fast', ratePerSecond: 5, timeoutMs: 10_000, senders: 4 },
        { target: 'slow', ratePerSecond: 8, timeoutMs: 60_000, senders: 14 },
      ],
      account: { region: 'us-east-1', concurrentExecutions: 1_000, unreservedConcurrentExecutions: 900 },
      fit: { kind: 'reservable' },
    });
    const short = JSON.parse((await planOnAws(10, 10, '--json')).stdout);
    expect(short.aws.fit).toEqual({ kind: 'short', missing: 8, raiseTo: 118 });
  });

  it('prints the plan also where AWS does not say, and ends with that', async () => {
    lambda.fail({ status: 403, code: 'AccessDeniedException', message: 'no', times: 2 });
    const { code, stdout, stderr } = await planOnAws(900);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^ {2}would send /);
    expect(addedTo(stdout)).toContain('\n  what the account allows could not be read\n');
    expect(stderr).toBe(
      'error: cannot read how many functions may run at once: access denied: no\n' +
        'hint: the credentials in use must be allowed lambda:GetAccountSettings on *\n',
    );
    const { aws } = JSON.parse((await planOnAws(900, 1_000, '--json')).stdout);
    expect(aws).toMatchObject({ sendersNeeded: 18, account: null, fit: null });
  });
});
