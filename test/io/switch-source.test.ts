import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSwitchSource } from '../../io/switch-source.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { lookupOf, sendingSetup } from '../support/send.ts';

const { serve, closeAll } = sendingSetup();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-switch-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await closeAll();
});

const { signal } = new AbortController();
const writeSwitch = (text: string | Uint8Array): Promise<void> => writeFile(join(folder, 'switch'), text);
const readFileSwitch = (given = 'switch'): Promise<string> => openSwitchSource(given, folder).read(signal);

describe('a switch in a file', () => {
  it.each([
    ['on', 'on'],
    ['  25%\r\n', '25%'],
    ['\ufeffoff\n', 'off'],
    [`${' '.repeat(1_021)}on\n`, 'on'],
    ['perhaps', 'perhaps'],
  ])('is its text without white space around it: %j', async (text, expected) => {
    await writeSwitch(text);
    expect(await readFileSwitch()).toBe(expected);
  });

  it('is read anew each time, and where its path leads then', async () => {
    const source = openSwitchSource('link', folder);
    expect(source.name).toBe('"link"');
    await symlink('switch', join(folder, 'link'));
    await writeSwitch('on');
    expect(await source.read(signal)).toBe('on');
    await writeFile(join(folder, 'next'), 'off');
    await rename(join(folder, 'next'), join(folder, 'switch'));
    expect(await source.read(signal)).toBe('off');
    await rm(join(folder, 'switch'));
    await expect(source.read(signal)).rejects.toMatchObject({
      code: 'SWITCH_UNREADABLE',
      message: 'the switch "link" cannot be read: no such file or directory',
    });
  });

  it('is given the time to be written where it is empty', async () => {
    await writeSwitch('');
    const reading = readFileSwitch();
    // At one go, so that a machine that stands still meanwhile cannot put the second look in between.
    setTimeout(() => writeFileSync(join(folder, 'switch'), '50%'), 10);
    expect(await reading).toBe('50%');
    await writeSwitch('');
    expect(await readFileSwitch()).toBe('');
  });

  it('is unreadable where it is too long, however long that is', async () => {
    for (const bytes of [1_025, 50_000_000]) {
      await writeSwitch(new Uint8Array(bytes).fill(32));
      await expect(readFileSwitch()).rejects.toMatchObject({
        code: 'SWITCH_UNREADABLE',
        message: 'the switch "switch" cannot be read: it is longer than 1024 bytes',
      });
    }
  });

  it('is unreadable where it is none, and never waits for one: a folder, a pipe', async () => {
    await mkdir(join(folder, 'switch'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const name of ['switch', 'pipe', '/dev/zero']) {
      await expect(readFileSwitch(name)).rejects.toMatchObject({
        code: 'SWITCH_UNREADABLE',
        message: `the switch ${JSON.stringify(name)} cannot be read: it is not a file`,
      });
    }
  });

  it('is unreadable where it may not be read', async () => {
    await writeSwitch('on');
    await chmod(join(folder, 'switch'), 0);
    // Whoever is root may read all the same.
    if (process.getuid?.() === 0) expect(await readFileSwitch()).toBe('on');
    else await expect(readFileSwitch()).rejects.toMatchObject({ code: 'SWITCH_UNREADABLE' });
    await expect(readFileSwitch('switch/inside')).rejects.toMatchObject({
      code: 'SWITCH_UNREADABLE',
      message: 'the switch "switch/inside" cannot be read: not a directory',
    });
  });
});

describe('a switch that is looked for', () => {
  const find = (given: string): Promise<void> => openSwitchSource(given, folder).find();

  it.each([
    ['nope', 'there is no switch "nope": no such file'],
    ['switch/inside', 'there is no switch "switch/inside": no such file'],
    ['dangling', 'there is no switch "dangling": no such file'],
    ['x'.repeat(300), `there is no switch "${'x'.repeat(300)}": no such file`],
    ['.', 'the switch "." is not a file'],
    ['/dev/null', 'the switch "/dev/null" is not a file'],
  ])('is refused where it is not there: %s', async (given, message) => {
    await writeSwitch('on');
    await symlink('gone', join(folder, 'dangling'));
    await expect(find(given)).rejects.toMatchObject({
      code: 'SWITCH_INVALID',
      message,
      hint: 'it must be there when the run begins: write on, off or a percentage such as 25% into it',
      exitCode: 2,
    });
  });

  it('is taken where it is, whatever it says, and behind a URL unasked', async () => {
    await writeSwitch('maybe');
    await symlink('switch', join(folder, 'link'));
    for (const given of ['switch', 'link', 'http://127.0.0.1:1/switch'])
      await expect(find(given)).resolves.toBeUndefined();
  });
});

describe('what cannot be a switch', () => {
  it.each([
    ['', 'the switch must be a file or an http or https URL, got ""'],
    [' ', 'the switch must be a file or an http or https URL, got ""'],
    ['ftp://host/switch', 'the switch must be a file or an http or https URL, got the scheme "ftp"'],
    ['file:///tmp/switch', 'the switch must be a file or an http or https URL, got the scheme "file"'],
    ['http://', 'the switch must be a file or an http or https URL'],
    ['https://user:hunter2@host/switch', 'the URL of the switch must not hold a user or a password'],
    ['https://hunter2@host/switch', 'the URL of the switch must not hold a user or a password'],
    ['https://@host/switch', 'the URL of the switch must not hold a user or a password'],
    ['http://host:hunter2', 'the switch must be a file or an http or https URL'],
  ])('is refused: %j', (given, message) => {
    expect(() => openSwitchSource(given, '/')).toThrow(
      expect.objectContaining({ code: 'SWITCH_INVALID', message }),
    );
  });
});

describe('a switch behind a URL', () => {
  const readUrl = (url: string): Promise<string> => openSwitchSource(url, '/').read(signal);

  it('is the body of a 200, asked for with its query on a connection of its own', async () => {
    const server = await serve({ answer: () => httpAnswer(200, ' 75%\n') });
    const source = openSwitchSource(`${server.url}/a/b?token=hunter2#part`, '/');
    expect(source.name).toBe(server.url);
    expect([await source.read(signal), await source.read(signal)]).toEqual(['75%', '75%']);
    expect(server.connections).toBe(2);
    expect(server.requests[0]?.requestLine).toBe('GET /a/b?token=hunter2 HTTP/1.1');
    expect(server.requests[0]?.rawHeaders).toEqual([
      ['host', `127.0.0.1:${server.port}`],
      ['connection', 'close'],
      ['accept', 'text/plain, */*;q=0.1'],
      ['cache-control', 'no-cache'],
    ]);
    await expect.poll(() => server.open).toBe(0);
  });

  it.each([
    [204, 'SWITCH_UNREADABLE'],
    [206, 'SWITCH_UNREADABLE'],
    [302, 'SWITCH_UNREADABLE'],
    [403, 'SWITCH_UNREADABLE'],
    [404, 'SWITCH_UNREADABLE'],
    [429, 'SWITCH_UNREACHABLE'],
    [500, 'SWITCH_UNREACHABLE'],
    [503, 'SWITCH_UNREACHABLE'],
  ])('counts for nothing with any other status: %d', async (status, code) => {
    const elsewhere = await serve({ answer: () => httpAnswer(200, 'on') });
    const server = await serve({ answer: () => httpAnswer(status, 'on', [`location: ${elsewhere.url}`]) });
    await expect(readUrl(`${server.url}/hunter2?hunter2`)).rejects.toMatchObject({
      code,
      message: `the switch ${server.url} cannot be read: it answered ${status}, and only 200 counts`,
    });
    expect(elsewhere.connections).toBe(0);
  });

  it.each([
    ['of known length', `HTTP/1.1 200 x\r\ncontent-length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`],
    ['that does not end', `HTTP/1.1 200 x\r\n\r\n${'x'.repeat(2_000)}`],
  ])('is unreadable with a body %s', async (_name, answer) => {
    const server = await serve({ answer: () => answer });
    await expect(readUrl(server.url)).rejects.toMatchObject({
      code: 'SWITCH_UNREADABLE',
      message: `the switch ${server.url} cannot be read: it is longer than 1024 bytes`,
    });
    await expect.poll(() => server.open).toBe(0);
  });

  it.each([
    ['says nothing', undefined],
    ['stops in the middle', 'HTTP/1.1 200 x\r\ncontent-length: 4\r\n\r\no'],
    ['says again and again that it is at work', 'HTTP/1.1 102 x\r\n\r\n'.repeat(500)],
  ])('is unreachable after 2 s where it %s', async (_name, answer) => {
    const server = await serve({ answer: () => answer });
    const startMs = performance.now();
    await expect(readUrl(server.url)).rejects.toMatchObject({
      code: 'SWITCH_UNREACHABLE',
      message: `the switch ${server.url} cannot be read: no answer after 2000 ms`,
    });
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1_990);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await expect.poll(() => server.open).toBe(0);
  });

  it('is unreachable where nobody listens, the answer is cut or is none', async () => {
    const gone = await serve();
    await gone.close();
    await expect(readUrl(gone.url)).rejects.toMatchObject({
      code: 'SWITCH_UNREACHABLE',
      message: `the switch ${gone.url} cannot be read: refused (ECONNREFUSED)`,
    });
    const server = await serve({
      answer: ({ requestLine }, socket) => {
        if (requestLine.includes('none')) return 'SSH-2.0-Go\r\n';
        socket.end('HTTP/1.1 200 x\r\ncontent-length: 4\r\n\r\no');
        return undefined;
      },
    });
    for (const [path, why] of [
      ['/cut', 'reset ('],
      ['/none', 'protocol ('],
    ]) {
      await expect(readUrl(`${server.url}${path}`)).rejects.toMatchObject({
        code: 'SWITCH_UNREACHABLE',
        message: expect.stringContaining(`the switch ${server.url} cannot be read: ${why}`),
      });
    }
  });

  it('is not asked for at an address that no replay may reach', async () => {
    const sources = [
      openSwitchSource('http://169.254.169.254/latest/meta-data/', '/'),
      openSwitchSource('http://metadata.invalid/', '/', { lookup: lookupOf('fd00:ec2::254') }),
    ];
    for (const source of sources) {
      await expect(source.read(signal)).rejects.toMatchObject({
        code: 'SWITCH_UNREACHABLE',
        message: expect.stringContaining(`the switch ${source.name} cannot be read: blocked (`),
      });
    }
  });

  it('is given up at once when it is no longer wanted', async () => {
    const server = await serve({ answer: () => undefined });
    for (const isReceived of [true, false]) {
      const stopping = new AbortController();
      const reading = openSwitchSource(server.url, '/').read(stopping.signal);
      reading.catch(() => undefined);
      if (isReceived) await expect.poll(() => server.requests.length).toBe(1);
      stopping.abort();
      await expect(reading).rejects.toMatchObject({ code: 'SWITCH_UNREACHABLE' });
    }
    await expect(openSwitchSource(server.url, '/').read(AbortSignal.abort())).rejects.toMatchObject({
      message: `the switch ${server.url} cannot be read: the watch has ended`,
    });
    await expect.poll(() => server.open).toBe(0);
  });
});
