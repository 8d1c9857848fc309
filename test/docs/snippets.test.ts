import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatFault } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import { type DemoServer, startDemoServer } from '../../io/demo-server.ts';
import { filesIn, ROOT } from '../support/project-files.ts';

interface Snippet {
  readonly place: string;
  readonly language: string;
  /** What stands behind the language: `no-run`, `fragment`. */
  readonly note: string;
  readonly text: string;
}

/** Documents that speak of this project; docs/rules.md has a test of its own for its rule files. */
const documents = filesIn(['.'], ['.md']).filter(({ path }) => !path.startsWith('test/'));

const snippets: readonly Snippet[] = documents.flatMap(({ path, text }) =>
  [...text.matchAll(/^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    place: `${path}:${text.slice(0, found.index).split('\n').length}`,
    language: found[1] ?? '',
    note: found[2] ?? '',
    text: found[3] ?? '',
  })),
);

const inLanguage = (language: string): readonly Snippet[] =>
  snippets.filter((snippet) => snippet.language === language);
const rows = (list: readonly Snippet[]): readonly [string, string][] =>
  list.map(({ place, text }) => [place, text]);

describe('snippets', () => {
  it('say what they are', () => {
    const known = new Set(['sh', 'sh no-run', 'console', 'yaml', 'yaml fragment', 'json', 'nginx', 'text']);
    const unknown = snippets.filter(({ language, note }) => !known.has(`${language} ${note}`.trim()));
    expect(unknown.map(({ place, language, note }) => `${place}: ${language} ${note}`)).toEqual([]);
    expect(snippets.length).toBeGreaterThan(10);
  });

  const ruleFiles = inLanguage('yaml').filter(
    ({ place, note }) => note === '' && !place.startsWith('docs/rules.md'),
  );
  it.each(rows(ruleFiles))('in %s are a rule file without faults', (place, text) => {
    expect(loadRules([{ name: place, text }]).faults.map(formatFault)).toEqual([]);
  });

  it.each(rows(inLanguage('json')))('in %s are JSON', (_, text) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe('commands', () => {
  let folder = '';
  let server: DemoServer | undefined;

  /** Lines of the sample log, so that a replay at its own speed takes seconds. */
  const LINES = 20;

  beforeAll(async () => {
    server = await startDemoServer();
    folder = await mkdtemp(join(tmpdir(), 'reprise-docs-'));
    const log = gunzipSync(await readFile(join(ROOT, 'demo/access.log.gz'))).toString('latin1');
    await writeFile(join(folder, 'access.log'), log.split('\n').slice(0, LINES).join('\n'), 'latin1');
    await cp(join(ROOT, 'rules'), join(folder, 'rules'), { recursive: true });
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const program = `'${process.execPath}' '${join(ROOT, 'bin/reprise.js')}' "$@"`;
    await writeFile(join(bin, 'reprise'), `#!/bin/sh\nexec ${program}\n`);
    // `npx reprise` would fetch the published package: it stands for this one.
    await writeFile(join(bin, 'npx'), '#!/bin/sh\n[ "$1" = reprise ] || exit 127\nexec "$@"\n');
    for (const name of ['reprise', 'npx']) await chmod(join(bin, name), 0o755);
  });

  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (script: string): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
      const options = { cwd: folder, env, timeout: 60_000 };
      execFile('/bin/sh', ['-euc', script], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
    });

  const runnable = inLanguage('sh').filter(({ note }) => note === '');

  it.each(rows(runnable))(
    'in %s run',
    async (_, text) => {
      const script = text.replaceAll('http://127.0.0.1:8080', server?.url ?? '');
      const { code, stderr } = await run(script);
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    },
    60_000,
  );

  it.each(rows(inLanguage('console')))('in %s print what is shown', async (_, text) => {
    const [first = '', ...shown] = text.split('\n');
    const { stdout } = await run(first.replace(/^\$ /, ''));
    expect(stdout.trimEnd()).toBe(shown.join('\n').trimEnd());
  });

  it('are there', () => {
    expect(runnable.length).toBeGreaterThanOrEqual(2);
  });
});
