import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startChild, startInProcess, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { expectAccounted, type ResultLine } from '../support/outcome.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for what a test waits for, but not for ever. */
const until = async (isThere: () => boolean, mostMs = 15_000): Promise<void> => {
  for (let waitedMs = 0; !isThere() && waitedMs < mostMs; waitedMs += 10) await pause(10);
};

/**
 * A folder with a log of `count` requests 10 ms apart, and a server to send them to. Nothing but the switch holds back: a machine that
 * stands still for a while fills no limit, and is not taken for a slow target.
 */
const scene = async (count: number) => {
  const server = await startRecordingServer();
  const cwd = folders.make();
  const rules = join(folders.make(), 'rules.yaml');
  writeFileSync(
    rules,
    `version: 1\ntargets: { t: { url: "${server.url}", maxInFlight: 900 } }\nrules: [{ name: a, target: t, backoff: off }]\n`,
  );
  writeFileSync(join(cwd, 'access.log'), steadyLog(count, 10));
  const set = (text: string): void => {
    writeFileSync(join(cwd, 'switch.new'), text);
    renameSync(join(cwd, 'switch.new'), join(cwd, 'switch'));
  };
  const args = ['replay', 'access.log', '--rules', rules, '--out', 'out'];
  return { server, cwd, set, args };
};

const accounted = async (cwd: string, server: RecordingServer) => {
  await server.close();
  const { report, results } = expectAccounted(join(cwd, 'out'));
  return { report, results, allRules: report.accounting.allRules };
};

const isSent = ({ heldBack }: ResultLine): boolean => heldBack === undefined;

describe('--switch', () => {
  it.concurrent('holds back while it is off, sends once it is on, and a part while it is a percentage', async () => {
    const { server, cwd, set, args } = await scene(1_000);
    set('off\n');
    const { ended, stderr } = startInProcess([...args, '--switch', 'switch'], { cwd });
    await until(() => stderr().includes('off'));
    // However late it was told: some that fall due meet a switch that is off.
    await pause(500);
    set('on\n');
    await until(() => server.requests.length > 50);
    set(' 25% \n');
    const { code } = await ended;
    const { results, allRules } = await accounted(cwd, server);
    expect(code).toBe(0);
    expect(stderr()).toBe(
      [
        'the switch is off: what falls due is held back',
        'the switch is on: all that the rules ask for is sent',
        'the switch is 25%: that share of what the rules ask for is sent, the rest is held back',
        '',
      ].join('\n'),
    );
    expect(allRules.heldBack.by).toEqual({ kill_switch: allRules.heldBack.total });
    const inOrder = results.toSorted((a, b) => a.dueMs - b.dueMs);
    const sent = inOrder.map(isSent);
    expect(sent.slice(0, 20)).toEqual(Array(20).fill(false));
    // It is read every 2 s: the last 3 s are those of the percentage.
    const last = sent.slice(-300).filter(Boolean).length;
    expect(last).toBeGreaterThan(40);
    expect(last).toBeLessThan(120);
    const on = sent.findIndex(Boolean);
    expect(sent.slice(on, on + 40)).toEqual(Array(40).fill(true));
  });

  it.concurrent('that holds garbage lets nothing through', async () => {
    const { server, cwd, set, args } = await scene(60);
    set('maybe');
    const { code, stderr, stdout } = await startInProcess([...args, '--switch', 'switch'], { cwd }).ended;
    expect(server.requests).toEqual([]);
    const { allRules } = await accounted(cwd, server);
    expect(code).toBe(0);
    expect(allRules.heldBack).toEqual({ total: 60, by: { kill_switch: 60 } });
    const problem = 'the switch must say on, off or a percentage from 0% to 100%: it counts as off';
    expect(stderr).toBe(`${problem}\nthe switch is off: what falls due is held back\n`);
    expect(stdout).toContain('60 held back as kill_switch: ');
  });

  it.concurrent('that holds garbage is told of however quiet a run is to be, and that nothing is sent', async () => {
    const { server, cwd, set, args } = await scene(60);
    set('maybe');
    const { code, stderr } = await startInProcess([...args, '--switch', 'switch', '--quiet'], { cwd }).ended;
    expect(server.requests).toEqual([]);
    await accounted(cwd, server);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'the switch must say on, off or a percentage from 0% to 100%: it counts as off\n',
    });
  });

  it.concurrent('that is off is told of by no quiet run', async () => {
    const { server, cwd, set, args } = await scene(60);
    set('off');
    const { code, stderr } = await startInProcess([...args, '--switch', 'switch', '--quiet'], { cwd }).ended;
    await accounted(cwd, server);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.concurrent('that vanishes on the way is off from then on', async () => {
    const { server, cwd, set, args } = await scene(600);
    set('on');
    const { ended } = startInProcess([...args, '--switch', 'switch'], { cwd });
    await until(() => server.requests.length > 20);
    rmSync(join(cwd, 'switch'));
    const { code, stderr } = await ended;
    const { allRules, results } = await accounted(cwd, server);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'the switch "switch" cannot be read: no such file or directory: it counts as off\nthe switch is off: what falls due is held back\n',
    );
    expect(allRules.heldBack.by).toEqual({ kill_switch: allRules.heldBack.total });
    expect(
      results
        .toSorted((a, b) => a.dueMs - b.dueMs)
        .slice(-200)
        .some(isSent),
    ).toBe(false);
  });

  it.concurrent.each([
    ['was never there', 'nope', 'there is no switch "nope": no such file'],
    ['is a folder', '.', 'the switch "." is not a file'],
  ])('that %s is refused before anything is sent or written', async (_, given, problem) => {
    const { server, cwd, args } = await scene(60);
    const { code, stderr, stdout } = await startInProcess([...args, '--switch', given], { cwd }).ended;
    await server.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${problem}\nhint: it must be there when the run begins: write on, off or a percentage such as 25% into it\n`,
    });
    expect(server.connections).toBe(0);
    expect(readdirSync(cwd)).toEqual(['access.log']);
  });

  it.concurrent('may stand behind a URL', async () => {
    const { server, cwd, args } = await scene(30);
    const away = await startRecordingServer({
      answer: () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\non',
    });
    const url = `${away.url}/switch`;
    const { code, stderr } = await startInProcess([...args, '--switch', url], { cwd }).ended;
    await away.close();
    const { allRules } = await accounted(cwd, server);
    expect({ code, stderr, sent: allRules.sent }).toEqual({ code: 0, stderr: '', sent: 30 });
  });

  it.concurrent('that cannot be one is refused before anything is read', async () => {
    const { server, cwd, args } = await scene(1);
    const { code, stderr } = await startInProcess([...args, '--switch', 'ftp://x/y'], { cwd }).ended;
    await server.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*http/);
  });
});

describe('SIGUSR1', () => {
  it.concurrent('pauses a run, whose time goes on, and a second one resumes it', async () => {
    const { server, cwd, args } = await scene(900);
    const { child, ended } = startChild(args, { cwd });
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    await until(() => server.requests.length > 20);
    child.kill('SIGUSR1');
    await until(() => told.includes('paused'));
    await pause(300);
    const before = server.requests.length;
    await pause(700);
    // What was on its way when the signal came may still arrive.
    expect(server.requests.length - before).toBeLessThanOrEqual(2);
    child.kill('SIGUSR1');
    const { code, stderr } = await ended;
    const { allRules, results } = await accounted(cwd, server);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'paused by SIGUSR1: what falls due is held back until the next one\nresumed, with the switch on: all that the rules ask for is sent\n',
    );
    expect(allRules.heldBack.by).toEqual({ kill_switch: allRules.heldBack.total });
    expect(allRules.heldBack.total).toBeGreaterThan(60);
    const sent = results.toSorted((a, b) => a.dueMs - b.dueMs).map(isSent);
    const changes = sent.filter((isNow, i) => i > 0 && isNow !== sent[i - 1]).length;
    expect([sent[0], sent.at(-1), changes]).toEqual([true, true, 2]);
  });

  it.concurrent('is listened to only while a run lasts, and a paused one can be stopped', async () => {
    const { server, cwd, args } = await scene(2_000);
    const { ended, pause: signal, isPausable, interrupt, stderr } = startInProcess(args, { cwd });
    expect(isPausable()).toBe(false);
    await until(() => server.requests.length > 5);
    expect(isPausable()).toBe(true);
    signal();
    expect(stderr()).toMatch(/^paused by SIGUSR1: /);
    interrupt();
    expect(await ended).toMatchObject({ code: 3 });
    expect(isPausable()).toBe(false);
    const { report, allRules } = await accounted(cwd, server);
    expect(report.run.endedBy).toBe('stopped');
    expect(allRules.heldBack.by.stopped).toBeGreaterThan(1_500);
  });
});
