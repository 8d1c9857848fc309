import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/project-files.ts';
import { createFolder, synthesise } from './synthesise.ts';

const xml = (name: string, namespace: string, inner: string): string =>
  `<${name}Response xmlns="${namespace}"><${name}Result>${inner}</${name}Result></${name}Response>`;
const STS = 'https://sts.amazonaws.com/doc/2011-06-15/';
const CFN = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/** What the CDK asks before it changes anything: who it is, and of a stack that was deployed with a target. */
const ANSWERS: Readonly<Record<string, string>> = {
  GetCallerIdentity: xml(
    'GetCallerIdentity',
    STS,
    '<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/a</Arn>',
  ),
  AssumeRole: xml(
    'AssumeRole',
    STS,
    '<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>',
  ),
  DescribeStacks: xml(
    'DescribeStacks',
    CFN,
    '<Stacks><member><StackName>reprise</StackName><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/reprise/1</StackId><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-21T00:00:00Z</CreationTime></member></Stacks>',
  ),
  GetTemplate: xml('GetTemplate', CFN, '<TemplateBody>{}</TemplateBody>'),
  'AmazonSSM.GetParameter': '{"Parameter":{"Name":"version","Type":"String","Value":"30","Version":1}}',
};

const asked: string[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const action =
      new URLSearchParams(await text(request)).get('Action') ?? String(request.headers['x-amz-target']);
    asked.push(action);
    response.end(ANSWERS[action] ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

/** `cdk deploy` of a stack that is synthesised. */
const deploy = async (folder: string, ...args: readonly string[]) => {
  asked.length = 0;
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
  const child = spawn(
    process.execPath,
    [cdk, 'deploy', '--app', folder, '--require-approval', 'never', ...args],
    {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: createFolder(),
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      },
      timeout: 60_000,
    },
  );
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [status, ...said] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { status, said: said.join('') };
};

describe('cdk deploy of rules whose target is loopback', () => {
  it.each([[[]], [['--hotswap']]])(
    'stops before it changes anything, with %j',
    async (args) => {
      const { folder } = await synthesise();
      const { status, said } = await deploy(folder, ...args);
      expect(said).toContain(
        'The following CloudFormation Parameters are missing a value: DeployWithLoopbackTarget',
      );
      expect(status).toBe(1);
      expect(asked).toContain('DescribeStacks');
      const changes = /^(Create|Update|Delete|Execute|Put)|^AWSLambda/;
      expect(asked.filter((action) => changes.test(action))).toEqual([]);
    },
    90_000,
  );
});
