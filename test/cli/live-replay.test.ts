import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readReport, reprise, startInProcess, tempFolders } from '../support/cli.ts';
import { ask, command, listen } from '../support/live-page.ts';
import { steadyLog } from '../support/logs.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let target: RecordingServer;
let cwd = '';
beforeEach(async () => {
  target = await startRecordingServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(1_000, 10));
});
afterEach(() => target.close());

const start = async (...flags: readonly string[]) => {
  const args = ['replay', ...flags, 'access.log', '--target', target.url, '--out', 'out'];
  const run = startInProcess(args, { cwd });
  await vi.waitFor(() => expect(run.stderr()).toMatch(/live page: http\S+\n/), { timeout: 15_000 });
  return { run, url: /live page: (\S+)/.exec(run.stderr())?.[1] ?? '' };
};

describe('replay --ui', () => {
  it('prints the address of a page before the run starts, and takes no log for its port', async () => {
    const { run, url } = await start('--ui');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
    expect((await ask(url)).text).toContain('<title>Reprise, live</title>');
    for (const file of ['live.js', 'live.css', 'icon.svg'])
      expect((await ask(`${url}${file}`)).text.length, file).toBeGreaterThan(100);
    await command(url, { do: 'stop' });
    expect((await run.ended).code).toBe(3);
    await expect(ask(url)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('serves on the port that is asked for', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => {
      free.listen(0, '127.0.0.1', resolve);
    });
    const { port } = free.address() as AddressInfo;
    const taken = await reprise(['replay', 'access.log', '--target', target.url, `--ui=${port}`], { cwd });
    expect(taken).toMatchObject({ code: 2, stdout: '' });
    expect(taken.stderr).toBe(
      `error: cannot show a page on port ${port}: another process listens there\n` +
        'hint: give another with --ui=PORT; --ui alone takes one that is free\n',
    );
    expect(target.connections).toBe(0);
    await new Promise((resolve) => {
      free.close(resolve);
    });
    const { run, url } = await start(`--ui=${port}`);
    expect(new URL(url).port).toBe(String(port));
    run.interrupt();
    await run.ended;
  });

  it('tells the page the course of the run, obeys it, and tells it the end', async () => {
    const { run, url } = await start('--ui', '--gate', 'failed < 1%');
    const stream = await listen(url);
    await vi.waitFor(() => expect(target.requests.length).toBeGreaterThan(50), { timeout: 10_000 });
    await command(url, { do: 'pause' });
    await vi.waitFor(() => expect(stream.events.at(-1)?.frame.now.head.title).toBe('Paused'), {
      timeout: 900,
    });
    const paused = target.requests.length;
    await command(url, { do: 'resume' });
    await command(url, { do: 'set', share: 0.5 });
    const set = { share: 0.5, inForce: 0.5, isPaused: false };
    await vi.waitFor(() => expect(stream.events.at(-1)?.frame.now.control).toMatchObject(set), {
      timeout: 900,
    });
    await vi.waitFor(() => expect(target.requests.length).toBeGreaterThan(paused + 30), { timeout: 10_000 });
    await command(url, { do: 'stop' });
    await run.ended;
    await stream.closed;
    const last = stream.events.at(-1);
    expect(last).toMatchObject({
      event: 'end',
      frame: { page: { kind: 'run', title: 'access.log' }, now: { control: null, head: { tone: 'warn' } } },
    });
    expect(last?.frame.now.head.title).toBe('Stopped: its gate held');
    expect(stream.events.map(({ frame }) => frame.seq)).toEqual(
      stream.events.map((_, at) => (stream.events[0]?.frame.seq ?? 0) + at),
    );
    const { accounting } = readReport(join(cwd, 'out'));
    const heldBack = last?.frame.now.heldBack.find(({ name }) => name === 'kill_switch')?.count;
    expect(heldBack).toBe(accounting.allRules.heldBack.by.kill_switch);
    expect(run.stderr()).toContain('paused on the live page: what falls due is held back');
    expect(run.stderr()).toContain('the switch is 50%');
  });

  it('tells the page when the run breaks off', async () => {
    writeFileSync(join(cwd, 'out'), 'not a folder');
    const { run, url } = await start('--ui').catch(() => ({ run: undefined, url: '' }));
    // It may be over before anybody has looked.
    const stream = url === '' ? undefined : await listen(url).catch(() => undefined);
    await stream?.closed;
    if (stream !== undefined)
      expect(stream.events.at(-1)?.frame.now.head.title).toMatch(/Starting|Ended by an error/);
    expect((await run?.ended)?.code).toBe(2);
  });

  it('does not go with --dry-run', async () => {
    const { code, stderr } = await reprise(
      ['replay', 'access.log', '--target', target.url, '--dry-run', '--ui'],
      { cwd },
    );
    expect(code).toBe(2);
    expect(stderr).toContain('error: --ui does not go with --dry-run, which sends nothing\n');
  });
});
