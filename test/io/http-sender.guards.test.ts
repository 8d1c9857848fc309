import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { httpAnswer } from '../support/recording-server.ts';
import { lookupOf, plannedRequest, send, sendingSetup, targetAt } from '../support/send.ts';

const { serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

const tlsFile = (name: string): string =>
  readFileSync(`${import.meta.dirname}/../fixtures/tls/${name}`, 'utf8');
const tls = { key: tlsFile('loopback.key.pem'), cert: tlsFile('loopback.cert.pem') };

/** A lookup whose answers follow one another; the last one stays. */
const lookupInTurn = (...answers: readonly string[][]): LookupFunction => {
  let turn = 0;
  return (hostname, options, callback) => {
    const answer = answers[Math.min(turn, answers.length - 1)] ?? [];
    turn += 1;
    lookupOf(...answer)(hostname, options, callback);
  };
};

describe('addresses that no replay may reach', () => {
  it.each([
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://0251.0376.0251.0376',
    'http://0xa9.254.43518',
    'http://169.254.169.254.',
    'http://169.254.43518:8080',
    'https://169.254.170.2',
    'http://[::ffff:169.254.169.254]',
    'http://[::169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[2002:a9fe:a9fe::1]',
    'http://[fe80::a9fe:a9fe]',
    'http://[fd00:ec2::254]',
    'https://[fd00:ec2::254]',
    'http://100.100.100.200',
  ])('are refused as %s', async (origin) => {
    expect(await send(senderTo(origin), plannedRequest())).toMatchObject({ kind: 'failed', code: 'blocked' });
  });

  it.each([
    [['169.254.169.254', 'fd00:ec2::254'], 'many.invalid is a link-local address'],
    [['fe80::1%1'], 'many.invalid is a link-local address'],
    [['fd00:ec2::254%1', '0.0.0.0'], 'many.invalid is a cloud metadata address'],
    [['2852039166'], 'many.invalid is a link-local address'],
    [['metadata'], 'many.invalid is not an address'],
    [[''], 'many.invalid is not an address'],
  ])('are refused where a name leads to nothing but %j', async (addresses, detail) => {
    for (const scheme of ['http', 'https']) {
      const sender = senderTo(`${scheme}://many.invalid`, {}, { lookup: lookupOf(...addresses) });
      expect(await send(sender, plannedRequest())).toMatchObject({ code: 'blocked', detail });
    }
  });

  it.each([
    'http://127.1:9',
    'http://2130706433:9',
    'http://0x7f000001:9',
    'http://[::1]:9',
    'http://localhost:9',
  ])('are those of this machine where that is refused: %s', async (origin) => {
    const outcome = await send(senderTo(origin, {}, { refuseLoopback: true }), plannedRequest());
    expect(outcome).toMatchObject({ kind: 'failed', code: 'blocked' });
  });

  it('are refused when the answer of a name changes to one of them', async () => {
    const server = await serve({ answer: () => httpAnswer(200, '', ['connection: close']) });
    const lookup = lookupInTurn(['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1', '169.254.169.254']);
    const sender = senderTo(`http://rebinding.invalid:${server.port}`, { maxInFlight: 1 }, { lookup });
    const outcomes = [];
    for (let i = 0; i < 3; i += 1) outcomes.push(await send(sender, plannedRequest()));
    expect(outcomes).toMatchObject([
      { status: 200 },
      { code: 'blocked', detail: 'rebinding.invalid is a link-local address' },
      { status: 200 },
    ]);
    expect(server.connections).toBe(2);
  });

  it('are refused to connections opened ahead as well', async () => {
    const server = await serve();
    const lookup = lookupInTurn(['169.254.169.254'], ['127.0.0.1']);
    const sender = senderTo(`http://rebinding.invalid:${server.port}`, {}, { lookup });
    sender.warm('t', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.connections).toBe(0);
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
  });

  it.each(['http', 'https'])(
    'are found out before a byte is written, whatever came between: %s',
    async (scheme) => {
      let bytes = 0;
      let connections = 0;
      const server = createServer((socket) => {
        connections += 1;
        socket.on('data', (chunk) => {
          bytes += chunk.length;
        });
        socket.on('error', () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      let reads = 0;
      // Reads as a public address while it is judged, and as loopback when it is used.
      const shifty = {
        family: 4,
        get address() {
          reads += 1;
          return reads === 1 ? '203.0.113.1' : '127.0.0.1';
        },
      };
      const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, [shifty]);
      const { port } = server.address() as AddressInfo;
      const sender = senderTo(`${scheme}://shifty.invalid:${port}`, {}, { lookup, refuseLoopback: true });
      expect(await send(sender, plannedRequest())).toMatchObject({
        code: 'blocked',
        detail: 'shifty.invalid is a loopback address',
      });
      await expect.poll(() => connections).toBe(1);
      await new Promise((resolve) => server.close(resolve));
      expect(bytes).toBe(0);
    },
  );
});

describe('a resolver that answers oddly', () => {
  it('gives dns where a name has no address', async () => {
    const outcome = await send(
      senderTo('http://empty.invalid', {}, { lookup: lookupOf() }),
      plannedRequest(),
    );
    expect(outcome).toMatchObject({ code: 'dns', detail: 'empty.invalid has no address' });
    expect(outcome).not.toHaveProperty('serviceMs');
  });

  it.each<[string, LookupFunction]>([
    ['one text', (_hostname, _options, callback) => callback(null, '169.254.169.254', 4)],
    [
      'no error at all',
      (_hostname, _options, callback) =>
        callback(undefined as unknown as null, [{ address: '169.254.169.254', family: 4 }]),
    ],
  ])('is judged as any other: %s', async (_name, lookup) => {
    const outcome = await send(senderTo('http://odd.invalid', {}, { lookup }), plannedRequest());
    expect(outcome).toMatchObject({ code: 'blocked', detail: 'odd.invalid is a link-local address' });
  });

  it('gives dns where it fails but hands out an address', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('secret'), { code: 'ESERVFAIL' }), [
        { address: '127.0.0.1', family: 4 },
      ]);
    const outcome = await send(senderTo('http://odd.invalid', {}, { lookup }), plannedRequest());
    expect(outcome).toMatchObject({ code: 'dns', detail: 'ESERVFAIL' });
  });
});

describe('where an answer or the environment points elsewhere', () => {
  it.each([301, 302, 303, 307, 308])('follows no redirect: %d', async (status) => {
    const elsewhere = await serve();
    const locations = [elsewhere.url, 'http://169.254.169.254/latest/meta-data/', '/again'];
    for (const location of locations) {
      const server = await serve({ answer: () => httpAnswer(status, '', [`location: ${location}`]) });
      expect(await send(senderTo(server.url), plannedRequest())).toMatchObject({ kind: 'answered', status });
      expect(server.requests).toHaveLength(1);
    }
    expect(elsewhere.connections).toBe(0);
  });

  /** Sends one request to `origin` from a process of its own. */
  const sendFromProcess = async (origin: string, env: Readonly<Record<string, string>>): Promise<unknown> => {
    const moduleUrl = pathToFileURL(`${import.meta.dirname}/../../io/http-sender.ts`).href;
    const script = `
      import { createHttpSender } from ${JSON.stringify(moduleUrl)};
      const targets = [${JSON.stringify(targetAt(origin))}];
      const sender = createHttpSender({ targets, clock: () => performance.now(), env: () => undefined });
      sender.dispatch(${JSON.stringify(plannedRequest())}, async (outcome) => {
        await sender.close();
        console.log(JSON.stringify(outcome));
      });`;
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    return JSON.parse(stdout);
  };

  it('uses no proxy that variables name', async () => {
    const proxy = await serve({ answer: () => httpAnswer(418) });
    const server = await serve();
    const outcome = await sendFromProcess(server.url, {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      HTTPS_PROXY: proxy.url,
      ALL_PROXY: proxy.url,
      all_proxy: proxy.url,
    });
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.connections).toBe(0);
  });

  it('verifies certificates, though a variable says otherwise', async () => {
    const server = await serve({ tls });
    const outcome = await sendFromProcess(server.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(outcome).toMatchObject({ code: 'tls', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(server.requests).toHaveLength(0);
  });

  it('verifies them for the address where the target is one', async () => {
    const server = await serve({ tls, host: '127.0.0.2' });
    const outcome = await send(senderTo(server.url, {}, { ca: tls.cert }), plannedRequest());
    expect(outcome).toMatchObject({ code: 'tls', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describe('a method that changes things', () => {
  const methods = ['POST', 'DELETE', 'PURGE', 'get', 'CONNECT'];

  it.each(methods)('does not leave where the target does not allow it: %s', async (method) => {
    const server = await serve();
    const sender = senderTo(server.url, { allowUnsafeMethods: false });
    expect(await send(sender, plannedRequest({ method }))).toMatchObject({ code: 'blocked' });
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(server.requests).toHaveLength(1);
  });
});
