import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyBucket } from '../../infra/empty-bucket.ts';
import { type TearDownSteps, tearDown } from '../../infra/tear-down.ts';
import type { StackResources } from '../../io/aws/resources.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { ROOT } from '../support/project-files.ts';
import { outcomeOf } from './outcome.ts';

const RESOURCES: StackResources & { readonly retain: boolean } = {
  version: 1,
  stack: 'reprise',
  switchParameter: '/reprise/reprise/switch',
  table: 'state',
  captureStream: 'capture',
  captureBucket: 'logs',
  resultsStream: 'results',
  resultsBucket: 'answers',
  queueUrl: 'q',
  dlqUrl: 'd',
  failureQueueUrl: 'f',
  plannerFunction: 'planner',
  senderFunction: 'sender',
  targets: ['local'],
  timing: 'live',
  delaySeconds: 180,
  retain: false,
};

/** Steps that write down what they were asked for. */
const fakeSteps = (resources: StackResources | undefined, failures = 0) => {
  const done: string[] = [];
  let left = failures;
  const steps: TearDownSteps = {
    readResources: async () => resources,
    turnOff: async (name) => void done.push(`off ${name}`),
    stopFunction: async (name) => void done.push(`stop ${name}`),
    deleteStream: async (name) => void done.push(`delete ${name}`),
    emptyBucket: async (name) => {
      done.push(`empty ${name}`);
      return 3;
    },
    destroyStack: async () => {
      done.push('destroy');
      left -= 1;
      return left < 0;
    },
    say: () => undefined,
  };
  return { steps, done };
};

const STOP = [
  'off /reprise/reprise/switch',
  'stop planner',
  'stop sender',
  'delete capture',
  'delete results',
];

describe('taking a stack down', () => {
  it('stops what writes, empties what was written, and deletes the rest', async () => {
    const { steps, done } = fakeSteps(RESOURCES);
    await tearDown('reprise', { retain: false }, steps);
    expect(done).toEqual([...STOP, 'empty logs', 'empty answers', 'destroy']);
  });

  it('empties again what a last planner wrote in the meantime', async () => {
    const { steps, done } = fakeSteps(RESOURCES, 1);
    await tearDown('reprise', { retain: false }, steps);
    expect(done.slice(STOP.length)).toEqual([
      ...['empty logs', 'empty answers', 'destroy'],
      ...['empty logs', 'empty answers', 'destroy'],
    ]);
  });

  it('gives up after three tries, and says where to look', async () => {
    const { steps, done } = fakeSteps(RESOURCES, 9);
    expect(await outcomeOf(tearDown('reprise', { retain: false }, steps))).toEqual({
      code: 'STACK_NOT_DESTROYED',
      message: 'the stack reprise could not be deleted',
      hint: 'the reason stands above, and in the events of the stack in CloudFormation; try again when it is mended',
    });
    expect(done.filter((step) => step === 'destroy')).toHaveLength(3);
  });

  it.each([
    ['asked for now', false, true],
    ['deployed so', true, false],
  ])('leaves buckets alone where that was %s', async (_, deployed, asked) => {
    const { steps, done } = fakeSteps({ ...RESOURCES, retain: deployed } as StackResources);
    await tearDown('reprise', { retain: asked }, steps);
    expect(done).toEqual([...STOP, 'destroy']);
  });

  it('never touches a bucket that was there before the stack', async () => {
    const { captureStream: _, ...resources } = { ...RESOURCES, captureBucket: 'everything-we-have' };
    const { steps, done } = fakeSteps(resources);
    await tearDown('reprise', { retain: false }, steps);
    expect(done).toEqual([...STOP.filter((step) => step !== 'delete capture'), 'empty answers', 'destroy']);
  });

  it('deletes what there is of a stack that was never finished', async () => {
    const { steps, done } = fakeSteps(undefined);
    await tearDown('reprise', { retain: false }, steps);
    expect(done).toEqual(['destroy']);
  });
});

describe('emptying a bucket', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** S3 that knows versions, two a page. */
  const startVersions = async (versions: string[], refused: readonly string[] = []) => {
    const answer = (url: URL, body: string): [number, string] => {
      if (!url.pathname.startsWith('/logs')) return [404, '<Error><Code>NoSuchBucket</Code></Error>'];
      if (url.searchParams.has('delete')) {
        const given = [...body.matchAll(/<Key>(.*?)<\/Key><VersionId>(.*?)</g)].map(
          ([, key, id]) => `${key} ${id}`,
        );
        for (const each of given.filter((version) => !refused.includes(version)))
          versions.splice(versions.indexOf(each), 1);
        const errors = given.filter((version) => refused.includes(version));
        const texts = errors.map(
          (each) => `<Error><Key>${each.split(' ')[0]}</Key><Code>AccessDenied</Code></Error>`,
        );
        return [200, `<DeleteResult>${texts.join('')}</DeleteResult>`];
      }
      const marker = `${url.searchParams.get('key-marker')} ${url.searchParams.get('version-id-marker')}`;
      const later = versions.filter((version) => !url.searchParams.has('key-marker') || version > marker);
      const page = later.slice(0, 2).map((version) => version.split(' '));
      const texts = page.map(([key, id = '']) => {
        const kind = id.startsWith('m') ? 'DeleteMarker' : 'Version';
        return `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId></${kind}>`;
      });
      const [lastKey, lastId] = page.at(-1) ?? [];
      const next = `<NextKeyMarker>${lastKey}</NextKeyMarker><NextVersionIdMarker>${lastId}</NextVersionIdMarker>`;
      const isTruncated = later.length > 2;
      return [
        200,
        `<ListVersionsResult><IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? next : ''}${texts.join('')}</ListVersionsResult>`,
      ];
    };
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [status, text] = answer(
          new URL(request.url ?? '', 'http://s3'),
          Buffer.concat(chunks).toString(),
        );
        response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return new S3Client(clientConfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  };

  it('deletes every version and every mark of a deletion, page by page', async () => {
    const versions = ['a v1', 'a v2', 'b m1', 'b v1', 'c v1'];
    expect(await emptyBucket(await startVersions(versions), 'logs')).toBe(5);
    expect(versions).toEqual([]);
  });

  it('is content with an empty one, and with none', async () => {
    const client = await startVersions([]);
    expect(await emptyBucket(client, 'logs')).toBe(0);
    expect(await emptyBucket(client, 'other')).toBe(0);
  });

  it('says what it may not delete', async () => {
    const client = await startVersions(['a v1', 'b v1'], ['b v1']);
    expect(await outcomeOf(emptyBucket(client, 'logs'))).toEqual({
      code: 'BUCKET_NOT_EMPTIED',
      message: '1 of 2 objects of logs could not be deleted, the first "b": AccessDenied',
    });
  });
});

describe('npm run destroy', () => {
  const destroy = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'tools/destroy.ts'), ...args],
      {
        encoding: 'utf8',
        // Nowhere, should it ever get so far.
        env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'us-east-1' },
      },
    );
    return { status, text: `${stdout}${stderr}` };
  };

  it('does nothing at all where a word of the command is wrong', () => {
    expect(destroy('-c', 'retian=true')).toEqual({
      status: 2,
      text:
        'error: the settings have 1 fault\n"retian" is not a setting\n  hint: did you mean "retain"?\n' +
        'hint: settings stand in the context of cdk.json or behind -c; docs/settings.md explains each\n',
    });
    expect(destroy('--stak', 'a')).toEqual({
      status: 2,
      text: "error: unknown option '--stak'\nhint: npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE]\n",
    });
  });
});
