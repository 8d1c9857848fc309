import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { watchCalls } from '../../cli/watch-calls.ts';
import { awsError } from '../../io/aws/aws-error.ts';
import { listObjects } from '../../io/aws/s3-list.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { repriseOnAws, useEndpoints } from '../support/aws-cli.ts';
import { steadyLog } from '../support/logs.ts';
import { stackResources } from '../support/stack-resources.ts';

/** A server that answers every request as `answer` says; undefined never answers. */
const startServer = async (answer?: { status: number; type: string; body: string }) => {
  const server = createServer((_, response) => {
    if (answer === undefined) return;
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: (): void => {
      server.close();
      server.closeAllConnections();
    },
  };
};
type Server = Awaited<ReturnType<typeof startServer>>;

const open: Server[] = [];
const serve = async (...args: Parameters<typeof startServer>): Promise<string> => {
  const server = await startServer(...args);
  open.push(server);
  return server.endpoint;
};
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of open.splice(0)) server.close();
});

describe('commands before an endpoint that takes the call and never answers', () => {
  // Each takes the ten seconds for which AWS is waited: all of them wait together.
  it('end within ten seconds, say meanwhile what they wait for, and then what did not come', {
    timeout: 40_000,
  }, async () => {
    const endpoint = await serve();
    const env = useEndpoints({ ssm: { endpoint }, s3: { endpoint }, firehose: { endpoint } });
    vi.stubEnv('AWS_MAX_ATTEMPTS', undefined);
    const { AWS_MAX_ATTEMPTS: _one, ...own } = env;
    const run = (...args: string[]) => repriseOnAws(own, args, { stdin: steadyLog(2, 1) });
    const startMs = performance.now();
    const [off, shown, status, ship, stream] = await Promise.all([
      run('switch', 'off', '--stack', 'prod'),
      run('switch', '--stack', 'prod'),
      run('status', '--stack', 'prod'),
      run('ship', '-', '--stack', 'prod'),
      run('ship', '-', '--stream', 'capture', '--json'),
    ]);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    const waiting = 'still waiting for AWS (SSM, us-east-1) …\n';
    const hint = 'hint: check the network, the region and any proxy or endpoint setting\n';
    const silence = `AWS cannot be reached: no answer from ${endpoint} within 10 s\n`;
    const parameter = (name: string): string => `cannot read the parameter /reprise/prod/${name}: ${silence}`;
    expect(off).toMatchObject({
      code: 3,
      stdout: '',
      stderr: `${waiting}error: the switch of prod was NOT changed: ${parameter('switch')}${hint}`,
    });
    expect(shown).toMatchObject({ code: 3, stderr: `${waiting}error: ${parameter('switch')}${hint}` });
    expect(status).toMatchObject({ code: 3, stderr: `${waiting}error: ${parameter('resources')}${hint}` });
    expect(ship).toMatchObject({ code: 3, stderr: `${waiting}error: ${parameter('resources')}${hint}` });
    expect(stream.code).toBe(3);
    expect(stream.stderr).toBe(
      `still waiting for AWS (Firehose, us-east-1) …\nerror: cannot put records into the stream capture: ${silence}${hint}`,
    );
    expect(JSON.parse(stream.stdout)).toMatchObject({
      lines: 2,
      shipped: 0,
      notShipped: { lost: 2 },
      endedBy: 'failed',
      balanced: true,
    });
  });

  it('end for logs in S3, and for a part of a status, of which the rest is shown', {
    timeout: 40_000,
  }, async () => {
    const ssm = await startSsm();
    const endpoint = await serve();
    ssm.state.set('/reprise/prod/resources', JSON.stringify(stackResources('prod', { endpoint })));
    ssm.state.set('/reprise/prod/switch', 'on');
    const silent = { endpoint };
    const env = useEndpoints({ ssm, s3: silent, sqs: silent, dynamodb: silent });
    const [decode, status] = await Promise.all([
      repriseOnAws(env, ['decode', 's3://logs/a']),
      repriseOnAws(env, ['status', '--stack', 'prod']),
    ]);
    await ssm.close();
    expect(decode).toMatchObject({
      code: 3,
      stderr:
        'still waiting for AWS (S3, us-east-1) …\n' +
        `error: cannot list s3://logs/a: AWS cannot be reached: no answer from ${endpoint} within 10 s\n` +
        'hint: check the network, the region and any proxy or endpoint setting\n',
    });
    expect(status.code).toBe(3);
    expect(status.stdout).toContain('  switch    on since ');
    expect(status.stderr).toContain('still waiting for AWS (SQS, us-east-1) …\n');
    expect(status.stderr).toContain('still waiting for AWS (DynamoDB, us-east-1) …\n');
    expect(status.stderr).toContain(`no answer from ${endpoint} within 5 s`);
  });
});

describe('a watched client', () => {
  const asked: string[] = [];
  const watch = <C extends Parameters<typeof watchCalls>[0]>(
    client: C,
    { giveUpAfterMs = 300, noteAfterMs = 100, searchForMs = 20_000 } = {},
  ): C =>
    watchCalls(client, {
      service: 'SSM',
      giveUpAfterMs,
      searchForMs,
      noteAfterMs,
      onSlow: () => void asked.push('slow'),
    });
  const get = new GetParameterCommand({ Name: 'a' });
  let ssm: SsmEndpoint;
  beforeAll(async () => {
    ssm = await startSsm();
    ssm.state.set('a', 'b');
  });
  afterEach(() => {
    asked.length = 0;
    ssm.heal();
  });
  afterAll(() => ssm.close());

  it('ends a call that is not answered, and tells of it before', async () => {
    const endpoint = await serve();
    const client = watch(new SSMClient(clientConfig(endpoint)));
    const startMs = performance.now();
    await expect(client.send(get)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: `no answer from ${endpoint} within 1 s`,
    });
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(asked).toEqual(['slow']);
    client.destroy();
  });

  it('says for how long it was waited, however late a busy machine comes to tell', async () => {
    const endpoint = await serve();
    const client = watch(new SSMClient(clientConfig(endpoint)));
    const call = client.send(get).catch((thrown: unknown) => thrown);
    // The machine stands still where the call is to be given up.
    setTimeout(() => {
      const untilMs = performance.now() + 1_800;
      while (performance.now() < untilMs);
    }, 200);
    expect(await call).toMatchObject({ message: `no answer from ${endpoint} within 1 s` });
    client.destroy();
  });

  it('ends the search for credentials that never ends, which no request has followed', async () => {
    const client = watch(
      new SSMClient({ ...clientConfig(ssm.endpoint), credentials: () => new Promise(() => undefined) }),
      { searchForMs: 300 },
    );
    const error = await client.send(get).catch((thrown: unknown) => thrown);
    expect(awsError('read', error)).toMatchObject({
      code: 'AWS_NO_CREDENTIALS',
      message: 'cannot read: no AWS credentials were found: the search for them took longer than 1 s',
    });
    expect(ssm.count()).toBe(0);
    client.destroy();
  });

  it('says nothing of calls that are quick, and leaves their answers and errors as they are', async () => {
    // Quick, on a machine of any speed.
    const times = { giveUpAfterMs: 20_000, noteAfterMs: 10_000 };
    const client = watch(new SSMClient(clientConfig(ssm.endpoint)), times);
    expect((await client.send(get)).Parameter?.Value).toBe('b');
    ssm.fail({ status: 400, code: 'AccessDeniedException', message: 'no' });
    await expect(client.send(get)).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'no' });
    expect(asked).toEqual([]);
    client.destroy();
  });

  it('still ends when its caller says so', async () => {
    const client = watch(new SSMClient(clientConfig(await serve())), { giveUpAfterMs: 5_000 });
    const stop = new AbortController();
    const call = client.send(get, { abortSignal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    client.destroy();
  });
});

describe('an endpoint that is none of AWS', () => {
  const HTML = '<!doctype html><html><body>Welcome<br></body></html>';
  const HINT = 'check AWS_ENDPOINT_URL and its like, the endpoint_url of the AWS profile, and any proxy';

  it.each([
    [200, 'text/html', HTML],
    [200, 'text/html', '<html><body>Welcome</body></html>'],
    [200, 'application/json', '{}'],
    [200, 'text/plain', ''],
    [404, 'text/html', HTML],
  ])('is told when logs are looked for there: %d %s %s', async (status, type, body) => {
    const endpoint = await serve({ status, type, body });
    const env = useEndpoints({ s3: { endpoint } });
    expect(await repriseOnAws(env, ['decode', 's3://logs/a'])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: `error: cannot list s3://logs/a: the endpoint ${endpoint} does not answer like S3\nhint: ${HINT}\n`,
    });
  });

  it('is told by other services, too', async () => {
    const endpoint = await serve({ status: 200, type: 'text/html', body: HTML });
    const env = useEndpoints({ ssm: { endpoint } });
    expect((await repriseOnAws(env, ['switch', '--stack', 'prod'])).stderr).toBe(
      `error: cannot read the parameter /reprise/prod/switch: the endpoint ${endpoint} does not answer like SSM\nhint: ${HINT}\n`,
    );
  });

  it('is something in between that is down where its status says so', async () => {
    const env = useEndpoints({
      ssm: { endpoint: await serve({ status: 502, type: 'text/html', body: HTML }) },
    });
    expect((await repriseOnAws(env, ['switch', '--stack', 'prod'])).stderr).toBe(
      'error: cannot read the parameter /reprise/prod/switch: AWS answered with status 502\nhint: the fault is on the side of AWS: try again\n',
    );
  });

  it('is told in plain words to who does not know which endpoint it was', async () => {
    const client = new S3Client(clientConfig(await serve({ status: 200, type: 'text/html', body: HTML })));
    await expect(listObjects(client, 'logs', 'a').next()).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message: 'cannot list s3://logs/a: what answers there does not answer like AWS',
      hint: HINT,
    });
    const error = await client
      .send(new GetObjectCommand({ Bucket: 'a', Key: 'b' }))
      .catch((thrown) => thrown);
    expect(awsError('read', error).message).not.toMatch(/deserialization|@aws-sdk|\$response/i);
    client.destroy();
  });
});
