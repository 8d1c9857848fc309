import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, reprise, tempFolders } from '../support/cli.ts';
import { traefikLine } from '../support/logs.ts';

const RULES = `version: 1
targets:
  staging: { url: "https://staging.example.com" }
  local: { url: "http://127.0.0.1:8080" }
rules:
  - name: catalog
    match:
      host: shop.example.com
      method: [GET, HEAD]
      path: ["/catalog/**", /search]
      status: 2xx
      client: 192.0.2.0/24
      header.accept-language: "de**"
      query.page: "*"
      not: { path: /catalog/internal/**, status: 404 }
    target: staging
    multiply: 2
    host: recorded
    headers: { set: { x-replayed: "1", authorization: { fromEnv: STAGING_TOKEN } } }
    query: { strip: utm_* }
  - name: few
    match: { method: [GET, POST] }
    percent: 30
    sampleBy: client
    target: local
`;

const FULL = { 'User-Agent': 'Mozilla/5.0', 'Accept-Language': 'de-DE', Authorization: 'REDACTED' };

const LINES = {
  matched: traefikLine({ atMs: 0, path: '/catalog/shoes?page=2&utm_source=mail', headers: FULL }),
  unmatched: traefikLine({
    atMs: 10,
    path: '/catalog/internal/stock',
    status: 404,
    host: 'api.example.com',
    client: '198.51.100.9',
  }),
  'not-replayable': traefikLine({ atMs: 20, path: '/orders', method: 'POST' }),
  'own-traffic': traefikLine({ atMs: 30, headers: { 'User-Agent': 'Mozilla/5.0 reprise' } }),
  rejected: 'no json, \u001b[31mred',
} as const;

const folders = tempFolders();
let cwd = '';

beforeAll(() => {
  cwd = folders.make();
  writeFileSync(join(cwd, 'rules.yaml'), RULES);
  writeFileSync(join(cwd, 'access.log'), `${Object.values(LINES).join('\n')}\n\n${LINES.matched}`);
});
afterAll(folders.removeAll);

const explain = (place: string, ...flags: string[]): Promise<Ended> =>
  reprise(['rules', 'explain', place, '--rules', join(cwd, 'rules.yaml'), ...flags], { cwd });

describe('rules explain', () => {
  it.each(Object.keys(LINES).map((name, i) => [name, i + 1] as const))(
    'tells of a line that is %s what its golden file says',
    async (name, line) => {
      const { code, stdout, stderr } = await explain(`access.log:${line}`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      await expect(stdout).toMatchFileSnapshot(`../golden/explain-${name}.txt`);
    },
  );

  it('reads the last line, whether or not it ends with a newline', async () => {
    expect((await explain('access.log:7')).stdout).toMatch(
      /^access\.log:7 \(traefik\) GET shop\.example\.com/,
    );
  });

  it('follows --percent and --seed', async () => {
    const { stdout } = await explain('access.log:1', '--percent', '10');
    expect(stdout).toContain('rule few matches, but is sampled out: it drew ');
    expect(stdout).toContain(', and percent keeps what is below 3\n');
    const other = await explain('access.log:1', '--percent', '10', '--seed', 'x');
    expect(other.stdout).not.toBe(stdout);
  });

  it('gives the trace as JSON on demand', async () => {
    const { stdout } = await explain('access.log:1', '--json');
    const [trace] = JSON.parse(stdout) as [Record<string, unknown>];
    expect(trace).toMatchObject({
      kind: 'request',
      isOwnTraffic: false,
      request: { target: '/catalog/shoes?page=2&utm_source=mail', source: { line: 1 } },
      rules: [
        { rule: 'catalog', outcome: 'planned', requests: [{ path: '/catalog/shoes?page=2' }, {}] },
        { rule: 'few', percent: 30 },
      ],
    });
    expect(stdout).not.toMatch(/dueMs|tickMs|markVisible/);
  });

  it('reads standard input', async () => {
    const args = ['rules', 'explain', '--target', 'http://127.0.0.1:1', '--', '-:2'];
    const { stdout } = await reprise(args, { stdin: `${LINES.rejected}\n${LINES.unmatched}\n` });
    expect(stdout).toMatch(/^stdin:2 \(traefik\) GET api\.example\.com/);
  });
});

describe('a place that is none', () => {
  it.each(['access.log', 'access.log:0', 'access.log:-1', 'access.log:x', ':5'])(
    '%j is refused with an example',
    async (place) => {
      expect(await explain(place)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `error: which line to explain is said as LOG:LINE, got "${place}"\nhint: for example access.log:120; lines are counted from 1\n`,
      });
    },
  );

  it.each([
    [6, 7],
    [8, 7],
  ])('line %d, which is blank or beyond the end, is refused', async (line, last) => {
    expect(await explain(`access.log:${line}`)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: access.log has no record at line ${line}; the last one read is at line ${last}\nhint: blank lines are no records, and an object written over several lines has the number of its first\n`,
    });
  });

  it('hides secrets, whatever becomes of the line', async () => {
    const headers = {
      Authorization: 'Bearer hidden',
      'X-Auth-Token': 'hidden',
      Referer: 'https://a.test/?code=hidden',
      'X-Plain': 'seen',
    };
    const lines = [
      traefikLine({ atMs: 0, path: '/search?token=hidden&page=2', headers, host: 'shop.example.com' }),
      'GET /x?sig=hidden&page=2',
      traefikLine({ atMs: 0, path: '/s?token="hidden"&page=2', headers, host: 'shop.example.com' }),
      traefikLine({ atMs: 0, path: '/s?token=a"hidden&page=2', headers, host: 'shop.example.com' }),
      traefikLine({
        atMs: 0,
        path: '/s?token[0]=hidden&password%5B1%5D=hidden&user[password_confirmation]=hidden&tokens[]=hidden&page=2',
        headers,
        host: 'shop.example.com',
      }),
      traefikLine({
        atMs: 0,
        path: '/s?to=https%3A%2F%2Fu%3Ahidden%40h%2F&q=%7B%22otp%22%3A%22hidden%22%7D&url=//u:hidden@h/&page=2',
        headers,
        host: 'shop.example.com',
      }),
      `{"page=2":1,"headers":[${'{},'.repeat(125)}{"value":"hidden","name":"Authorization"}]}`,
    ];
    writeFileSync(join(cwd, 'secret.log'), lines.join('\n'));
    const rules = join(cwd, 'keep.yaml');
    writeFileSync(
      rules,
      'version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: t, headers: { keep: authorization } }]\n',
    );
    for (const line of lines.map((_, index) => index + 1))
      for (const flags of [[], ['--json']]) {
        const args = ['rules', 'explain', `secret.log:${line}`, '--rules', rules, ...flags];
        const { code, stdout } = await reprise(args, { cwd });
        expect(code).toBe(0);
        expect(stdout).not.toContain('hidden');
        expect(stdout).toContain('page=2');
        if (line < lines.length || flags.length > 0) expect(stdout).toContain('***');
      }
  });

  it('a folder of several logs is refused', async () => {
    writeFileSync(join(cwd, 'other.log'), '');
    expect(await explain('.:1')).toMatchObject({
      code: 2,
      stderr: 'error: "." names several logs, and a line stands in one\n',
    });
  });
});
