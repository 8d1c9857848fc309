import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startClock } from '../../io/clock.ts';
import { answerDemo } from '../../io/demo-answers.ts';
import { startDemoServer } from '../../io/demo-server.ts';
import { createHttpSender } from '../../io/http-sender.ts';
import { plannedRequest, send, targetAt } from '../support/send.ts';

interface LogLine {
  readonly request_method: string;
  readonly request_uri: string;
  readonly status: string;
  readonly http_user_agent: string;
  readonly msec: string;
  readonly request_time: string;
  readonly http_authorization: string;
  readonly remote_addr: string;
}

const logLines = (): readonly LogLine[] => {
  const packed = readFileSync(`${import.meta.dirname}/../../demo/access.log.gz`);
  expect(packed.length).toBeLessThan(300 * 1024);
  const lines = gunzipSync(packed).toString('latin1').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as LogLine);
};

const isReplayed = (line: LogLine): boolean =>
  ['GET', 'HEAD', 'OPTIONS'].includes(line.request_method) && !line.http_user_agent.includes('reprise');

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

describe('the sample log', () => {
  const lines = logLines();

  it('holds at least 2,200 requests to replay in about five minutes, and some to leave out', () => {
    const replayed = lines.filter(isReplayed);
    const startsMs = lines.map(({ msec, request_time }) => (Number(msec) - Number(request_time)) * 1_000);
    const spanMs = Math.max(...startsMs) - Math.min(...startsMs);
    expect(replayed.length).toBeGreaterThanOrEqual(2_200);
    expect(spanMs).toBeGreaterThan(270_000);
    expect(spanMs).toBeLessThan(300_000);
    expect(
      lines.filter(({ http_user_agent }) => http_user_agent.endsWith(' reprise')).length,
    ).toBeGreaterThan(50);
    expect(lines.filter(({ request_method }) => request_method === '').length).toBeGreaterThan(5);
  });

  it('holds no credentials and no address of a real client', () => {
    for (const line of lines) {
      expect(line.http_authorization).toBe('');
      expect(line.remote_addr).toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\.|^2001:db8:|^127\.0\.0\.1$/);
    }
  });

  it('is answered by the demo server mostly as it was recorded', () => {
    const replayed = lines.filter(isReplayed);
    const same = replayed.filter((line, i) => {
      const { status } = answerDemo(line.request_method, line.request_uri, { caller: `${i}`, slowness: 1.5 });
      return status === Number(line.status);
    });
    expect(same.length / replayed.length).toBeGreaterThan(0.94);
  });

  it('has latencies of the same kind as the demo server', () => {
    const replayed = lines.filter((line) => isReplayed(line) && !line.request_uri.startsWith('/static/'));
    const recorded = replayed.map(({ request_time }) => Number(request_time) * 1_000);
    const served = replayed.map(
      ({ request_method, request_uri }, i) =>
        answerDemo(request_method, request_uri, { caller: `${i}`, slowness: 1 }).latencyMs,
    );
    for (const share of [0.5, 0.9]) {
      expect(quantile(served, share) / quantile(recorded, share)).toBeGreaterThan(0.7);
      expect(quantile(served, share) / quantile(recorded, share)).toBeLessThan(1.4);
    }
  });
});

describe('answerDemo', () => {
  it('gives the same answer to the same request', () => {
    const ask = () => answerDemo('GET', '/search?q=mug', { caller: 'a', slowness: 1 });
    expect(ask()).toEqual(ask());
  });

  it('slows searches alone', () => {
    const at = (target: string, slowness: number): number =>
      answerDemo('GET', target, { caller: 'a', slowness }).latencyMs;
    expect(at('/search?q=mug', 2) / at('/search?q=mug', 1)).toBeCloseTo(2);
    expect(at('/', 2)).toBe(at('/', 1));
  });

  it.each([
    ['GET', '/products/1001', 200],
    ['OPTIONS', '/api/v1/products', 204],
    ['POST', '/checkout', 201],
    ['PATCH', '/checkout', 405],
    ['GET', '/account', 302],
    ['GET', '/wp-login.php', 404],
    ['GET', '/admin/x', 403],
  ])('answers %s %s with %i', (method, target, status) => {
    expect(answerDemo(method, target, { caller: 'someone', slowness: 1 }).status).toBe(status);
  });
});

describe('startDemoServer', () => {
  it('answers over HTTP after the latency it computed, and closes with requests waiting', async () => {
    const server = await startDemoServer();
    const clock = startClock();
    const sender = createHttpSender({ targets: [targetAt(server.url)], clock, env: () => undefined });
    const ask = (path: string, method = 'GET') =>
      send(sender, plannedRequest({ path, method, headers: [['x-reprise-id', 'abc']] }));
    const [page, head, moved, missing] = await Promise.all([
      ask('/products/1001'),
      ask('/products/1001', 'HEAD'),
      ask('/old-shop/item-1.html'),
      ask('/nothing'),
    ]);
    const { latencyMs } = answerDemo('GET', '/products/1001', { caller: 'abc', slowness: 1 });
    expect(page).toMatchObject({ kind: 'answered', status: 200, bytes: 3_800 });
    expect(page.serviceMs).toBeGreaterThan(latencyMs - 2);
    expect(head).toMatchObject({ status: 200, bytes: 0 });
    expect(moved).toMatchObject({ status: 301 });
    expect(missing).toMatchObject({ status: 404, bytes: 150 });
    const slow = ask('/api/v1/reports/daily');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.close();
    expect(await slow).toMatchObject({ kind: 'failed' });
    await sender.close();
  });

  it('says so when its port is taken', async () => {
    const first = await startDemoServer();
    const port = Number(new URL(first.url).port);
    await expect(startDemoServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
  });
});
