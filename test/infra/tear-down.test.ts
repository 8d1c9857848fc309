import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { emptyBucket } from '../../infra/empty-bucket.ts';
import type { ListedResources } from '../../infra/resource-list.ts';
import { type TearDownSteps, tearDown } from '../../infra/tear-down.ts';
import { createNotes, type NotesStore, type TearDownNotes } from '../../infra/tear-down-notes.ts';
import type { StackResources } from '../../io/aws/resources.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { startSsm } from '../support/aws/ssm.ts';
import { ROOT } from '../support/project-files.ts';
import { outcomeOf } from './outcome.ts';

const RESOURCES: ListedResources = {
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
  senderConcurrency: 50,
};

/** Notes in memory. */
const fakeNotes = (): NotesStore & { readonly kept: () => TearDownNotes | undefined } => {
  let kept: TearDownNotes | undefined;
  return {
    read: async () => kept,
    write: async (notes) => {
      kept = notes;
    },
    drop: async () => {
      kept = undefined;
    },
    kept: () => kept,
  };
};

/** Steps that write down what they were asked for. */
const fakeSteps = (resources: StackResources | undefined, failures = 0, isSenderStopped = false) => {
  const done: string[] = [];
  let left = failures;
  const said: string[] = [];
  const notes = fakeNotes();
  const steps: TearDownSteps = {
    readResources: async () => resources,
    notes,
    isStopped: async () => isSenderStopped,
    turnOff: async (name) => void done.push(`off ${name}`),
    stopFunction: async (name) => void done.push(`stop ${name}`),
    startFunction: async (name, reserved) => void done.push(`start ${name} ${reserved ?? 'unreserved'}`),
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
    say: (text) => void said.push(text),
  };
  return { steps, done, said, notes };
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

  it('that gives up lets functions run again as they were deployed, which no later deployment would', async () => {
    const { steps, done } = fakeSteps(RESOURCES, 9);
    await outcomeOf(tearDown('reprise', { retain: false }, steps));
    expect(done.slice(-3)).toEqual(['destroy', 'start planner unreserved', 'start sender 50']);
  });

  it('stops reports as well, where there are some, and lets them run again', async () => {
    const { steps, done } = fakeSteps({ ...RESOURCES, reportFunction: 'report' }, 9);
    await outcomeOf(tearDown('reprise', { retain: false }, steps));
    expect(done.slice(0, 4)).toEqual([
      'off /reprise/reprise/switch',
      ...['stop planner', 'stop sender', 'stop report'],
    ]);
    expect(done.slice(-3)).toEqual([
      'start planner unreserved',
      'start sender 50',
      'start report unreserved',
    ]);
  });

  it('that gives up leaves a sender stopped that somebody had stopped by hand', async () => {
    const { steps, done } = fakeSteps(RESOURCES, 9, true);
    await outcomeOf(tearDown('reprise', { retain: false }, steps));
    expect(done.slice(-2)).toEqual(['destroy', 'start planner unreserved']);
  });

  it('that cannot keep notes touches nothing', async () => {
    const { steps, done } = fakeSteps(RESOURCES);
    const failing = {
      ...steps,
      notes: { ...steps.notes, write: () => Promise.reject(new RepriseError('AWS_DENIED', 'denied')) },
    };
    expect(await outcomeOf(tearDown('reprise', { retain: false }, failing))).toMatchObject({
      code: 'AWS_DENIED',
    });
    expect(done).toEqual([]);
  });

  it('that fails midway lets them run again too, and shows why it failed, whatever comes of that', async () => {
    const { steps, done, said } = fakeSteps(RESOURCES);
    const failing: TearDownSteps = {
      ...steps,
      emptyBucket: () => Promise.reject(new RepriseError('BUCKET_NOT_EMPTIED', 'not emptied')),
      startFunction: (name, reserved) =>
        name === 'planner' ? Promise.reject(new Error('not allowed')) : steps.startFunction(name, reserved),
    };
    expect(await outcomeOf(tearDown('reprise', { retain: false }, failing))).toEqual({
      code: 'BUCKET_NOT_EMPTIED',
      message: 'not emptied',
    });
    expect(done.slice(-1)).toEqual(['start sender 50']);
    expect(said.slice(-2)).toEqual(['planner may not run again: not allowed', 'sender may run again']);
  });

  it('that succeeds starts nothing, and leaves no notes', async () => {
    const { steps, done, notes } = fakeSteps(RESOURCES);
    await tearDown('reprise', { retain: false }, steps);
    expect(done.filter((step) => step.startsWith('start'))).toEqual([]);
    expect(notes.kept()).toBeUndefined();
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

describe('taking down a stack again', () => {
  /** An account as CloudFormation leaves it: the list of resources goes first, and a bucket that holds something stays. */
  const createAccount = (retain = false) => {
    const buckets = new Map([
      ['logs', 3],
      ['answers', 1],
    ]);
    const emptied: string[] = [];
    let listed: ListedResources | undefined = { ...RESOURCES, retain };
    let isThere = true;
    const { steps, notes } = fakeSteps(undefined);
    const account: TearDownSteps = {
      ...steps,
      readResources: async () => listed,
      emptyBucket: async (name) => {
        emptied.push(name);
        const objects = buckets.get(name) ?? 0;
        if (buckets.has(name)) buckets.set(name, 0);
        return objects;
      },
      destroyStack: async () => {
        listed = undefined;
        isThere = !retain && [...buckets.values()].some((objects) => objects > 0);
        if (!isThere) buckets.clear();
        return !isThere;
      },
    };
    /** Dies while CloudFormation is at work, and a last planner writes its ledger. */
    const dying: TearDownSteps = {
      ...account,
      destroyStack: async () => {
        buckets.set('answers', 1);
        await account.destroyStack();
        throw new Error('killed');
      },
    };
    return { account, dying, notes, emptied, isThere: () => isThere };
  };

  it('finishes what was interrupted after the list of its resources was gone', async () => {
    const { account, dying, notes, isThere } = createAccount();
    await expect(tearDown('reprise', { retain: false }, dying)).rejects.toThrow('killed');
    expect(await account.readResources()).toBeUndefined();
    expect(isThere()).toBe(true);
    await tearDown('reprise', { retain: false }, account);
    expect(isThere()).toBe(false);
    expect(notes.kept()).toBeUndefined();
  });

  it('still keeps what was deployed to be kept', async () => {
    const { account, dying, emptied } = createAccount(true);
    await expect(tearDown('reprise', { retain: false }, dying)).rejects.toThrow('killed');
    await tearDown('reprise', { retain: false }, account);
    expect(emptied).toEqual([]);
  });

  it('goes by the list where there is one, not by notes of a stack that had the name before', async () => {
    const { steps, done, notes } = fakeSteps(RESOURCES);
    await notes.write({ version: 1, buckets: ['of-long-ago'], retain: true });
    await tearDown('reprise', { retain: false }, steps);
    expect(done).toEqual([...STOP, 'empty logs', 'empty answers', 'destroy']);
  });
});

describe('notes of a run', () => {
  const NOTES: TearDownNotes = { version: 1, buckets: ['logs'], retain: false };
  const NAME = '/reprise/reprise/destroying';
  const start = async (parameters: Readonly<Record<string, string>> = {}) => {
    const ssm = await startSsm({ parameters });
    return { ssm, notes: createNotes(new SSMClient(clientConfig(ssm.endpoint)), 'reprise') };
  };

  it('are kept beside the stack, over those before, until they are dropped', async () => {
    const { ssm, notes } = await start();
    expect(await notes.read()).toBeUndefined();
    await notes.write({ ...NOTES, buckets: [] });
    await notes.write(NOTES);
    expect([...ssm.state.parameters.keys()]).toEqual([NAME]);
    expect(await notes.read()).toEqual(NOTES);
    await notes.drop();
    await notes.drop();
    expect(ssm.state.parameters.size).toBe(0);
    await ssm.close();
  });

  it.each(['junk', '{"version":2}', '{"version":1,"buckets":[1],"retain":false}'])(
    'that say %s are not acted upon',
    async (text) => {
      const { ssm, notes } = await start({ [NAME]: text });
      expect(await outcomeOf(notes.read())).toEqual({
        code: 'NOTES_UNREADABLE',
        message: `the parameter ${NAME} does not say which buckets are left`,
        hint: 'empty what is left of them by hand, delete the parameter, and try again',
      });
      await ssm.close();
    },
  );
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
      text: "error: unknown option '--stak'\nhint: npm run destroy -- [--stack NAME] [--profile AWS_PROFILE] [-c SETTING=VALUE] [--yes]\n",
    });
  });
});
