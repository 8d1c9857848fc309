/** Bundles the scripts and styles of pages into the text of `core/pages/assets.ts`, so that a page is one file that asks for nothing. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

const HEAD = `/**
 * Scripts and styles of the pages, written from \`ui/\` by \`npm run pages\`: not to be changed by hand. The hashes are those by which a
 * page's Content-Security-Policy allows them, and nothing else.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: bundled code is kept as text
`;

/** Of what a bundle holds of others, as its licence asks. */
const notice = (): string => {
  const licence = readFileSync(join(ROOT, 'node_modules/uplot/LICENSE'), 'utf8').trim();
  return `/*! Holds uPlot (https://github.com/leeoniya/uPlot):\n${licence} */`;
};

const bundle = async (path: string, kind: 'js' | 'css'): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, path)],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: kind === 'js' ? 'es2022' : [],
    legalComments: 'none',
    ...(kind === 'js' ? { banner: { js: notice() } } : {}),
  });
  return (outputFiles[0]?.text ?? '').trim();
};

/** As the formatter writes a text: in the quotes that leave more of it as it is. */
const literal = (text: string): string => {
  const escaped = JSON.stringify(text).slice(1, -1);
  const [double, single] = [text.split('"').length, text.split("'").length];
  if (double < single) return `"${escaped}"`;
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
};

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The text of `core/pages/assets.ts`. */
export const pagesSource = async (): Promise<string> => {
  const constants: string[] = [];
  for (const page of ['report', 'live']) {
    for (const [kind, file] of [
      ['SCRIPT', 'main.ts'],
      ['STYLE', 'style.css'],
    ] as const) {
      const path = `ui/${page}/${file}`;
      const text = existsSync(join(ROOT, path)) ? await bundle(path, kind === 'SCRIPT' ? 'js' : 'css') : '';
      const name = `${page.toUpperCase()}_${kind}`;
      constants.push(`export const ${name} =\n  ${literal(text)};`);
      constants.push(`export const ${name}_HASH = '${hashOf(text)}';`);
    }
  }
  return `${HEAD}\n${constants.join('\n')}\n`;
};
