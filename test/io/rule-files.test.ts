import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRuleFiles, readRuleFiles } from '../../io/rule-files.ts';

let folder = '';
const at = (...parts: readonly string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rule-files-'));
  await mkdir(at('set', 'inner.yaml'), { recursive: true });
  await mkdir(at('empty'));
  const files: readonly (readonly [string, string])[] = [
    ['set/b.yaml', 'b'],
    ['set/a.yml', '\ufeffa'],
    ['set/b.cases.yaml', 'cases of b'],
    ['set/.hidden.yaml', 'x'],
    ['set/notes.txt', 'x'],
    ['set/inner.yaml/c.yaml', 'x'],
    ['empty/only.cases.yaml', 'x'],
    ['plain', 'p'],
  ];
  for (const [name, text] of files) await writeFile(at(name), text);
  await writeFile(at('latin1.yaml'), Uint8Array.of(0x61, 0xe9));
  await writeFile(at('full.yaml'), new Uint8Array(10 * 1024 * 1024).fill(0x20));
  await writeFile(at('large.yaml'), new Uint8Array(10 * 1024 * 1024 + 1).fill(0x20));
});
afterAll(() => rm(folder, { recursive: true }));

const refusal = (code: string, message: string) => expect.objectContaining({ code, message, exitCode: 2 });

describe('readRuleFiles', () => {
  it('reads the files of a folder in order, with their cases, but not the folders inside', async () => {
    expect(await readRuleFiles(at('set'))).toEqual({
      rules: [
        { name: at('set', 'a.yml'), text: '\ufeffa' },
        { name: at('set', 'b.yaml'), text: 'b' },
      ],
      cases: [{ name: at('set', 'b.cases.yaml'), text: 'cases of b' }],
    });
  });

  it('reads one file with the cases beside it', async () => {
    expect(await readRuleFiles(at('set', 'b.yaml'))).toEqual({
      rules: [{ name: at('set', 'b.yaml'), text: 'b' }],
      cases: [{ name: at('set', 'b.cases.yaml'), text: 'cases of b' }],
    });
    expect(await readRuleFiles(at('set', 'a.yml'))).toMatchObject({ cases: [] });
    expect(await readRuleFiles(at('plain'))).toEqual({
      rules: [{ name: at('plain'), text: 'p' }],
      cases: [],
    });
  });

  it('refuses what is not there, and folders without rules', async () => {
    await expect(readRuleFiles(at('nope.yaml'))).rejects.toEqual(
      refusal('RULES_MISSING', `there is no rule file or folder "${at('nope.yaml')}"`),
    );
    await expect(readRuleFiles(at('empty'))).rejects.toEqual(
      refusal('RULES_MISSING', `there is no rule file in "${at('empty')}"`),
    );
    await expect(readRuleFiles(at('set', 'b.cases.yaml'))).rejects.toEqual(
      refusal('RULES_MISSING', `"${at('set', 'b.cases.yaml')}" holds cases, not rules`),
    );
    await expect(readRuleFiles(at('plain', 'x'))).rejects.toEqual(
      refusal('RULES_UNREADABLE', `cannot read "${at('plain', 'x')}": ENOTDIR`),
    );
  });

  it('refuses what is not UTF-8 or above 10 MiB', async () => {
    await expect(readRuleFiles(at('latin1.yaml'))).rejects.toEqual(
      refusal('RULES_NOT_UTF8', `"${at('latin1.yaml')}" is not UTF-8`),
    );
    await expect(readRuleFiles(at('large.yaml'))).rejects.toEqual(
      refusal('RULES_TOO_LARGE', `"${at('large.yaml')}" is larger than 10 MiB`),
    );
    expect((await readRuleFiles(at('full.yaml'))).rules[0]?.text.length).toBe(10 * 1024 * 1024);
  });
});

describe('listRuleFiles', () => {
  it('names each file that would be read', async () => {
    for (const path of [at('set'), at('set', 'b.yaml'), at('plain')]) {
      const { rules, cases } = await readRuleFiles(path);
      expect(await listRuleFiles(path)).toEqual([...rules, ...cases].map(({ name }) => name));
    }
    await expect(listRuleFiles(at('nope.yaml'))).rejects.toMatchObject({ code: 'RULES_MISSING' });
  });
});
