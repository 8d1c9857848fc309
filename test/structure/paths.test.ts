import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commentsOf, filesIn, ROOT } from '../support/project-files.ts';

/** A path of this project as prose names it: a known folder, then a file with an ending, or a folder with a slash behind it. */
const NAMED_PATH =
  /(?<![\w./<-])(?:core|io|cli|functions|infra|rules|docs|test|bench|bin|demo|tools|\.ci|\.github)(?:\/[\w.-]+)*\/(?:[\w-]+(?:\.[\w-]+)*\.[a-z]{1,5}\b|(?=[`\s,;)]))/g;

/** Prose without its code blocks, whose paths are the reader's. */
const proseOf = (markdown: string): string => markdown.replace(/^```.*?^```/gms, '');

const missingIn = (text: string): readonly string[] =>
  (text.match(NAMED_PATH) ?? []).filter((path) => !existsSync(join(ROOT, path)));

const documents = filesIn(['.'], ['.md']);

describe('paths', () => {
  it('that comments name exist', () => {
    const files = filesIn(
      ['core', 'io', 'cli', 'functions', 'infra', 'test', 'bench', 'tools', 'bin'],
      ['.ts', '.js'],
    );
    const missing = files.flatMap(({ path, text }) =>
      missingIn(commentsOf(text)).map((named) => `${path} names ${named}`),
    );
    expect(missing).toEqual([]);
  });

  it('that rule files name exist', () => {
    const missing = filesIn(['rules'], ['.yaml']).flatMap(({ path, text }) =>
      missingIn(text.replace(/^[^#\n]*/gm, '')).map((named) => `${path} names ${named}`),
    );
    expect(missing).toEqual([]);
  });

  it('that documents name exist', () => {
    const missing = documents.flatMap(({ path, text }) =>
      missingIn(proseOf(text)).map((named) => `${path} names ${named}`),
    );
    expect(missing).toEqual([]);
    expect(documents.length).toBeGreaterThan(5);
  });
});

describe('links', () => {
  /** What a heading is called in a link, as GitHub makes it. */
  const anchorsIn = (markdown: string): readonly string[] =>
    [...proseOf(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  const linksIn = (markdown: string): readonly string[] =>
    [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)]
      .map((found) => found[1] ?? found[2] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link));

  it.each(documents.map(({ path, text }) => [path, text]))('of %s lead somewhere', (path, text) => {
    const broken = linksIn(text).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const to = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(ROOT, to))) return true;
      if (anchor === undefined) return false;
      const target = documents.find((each) => each.path === to);
      return target === undefined || !anchorsIn(target.text).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
