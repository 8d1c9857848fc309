/** Reads the project's own files, for tests that hold its structure and its documents. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the project. */
export const ROOT = join(import.meta.dirname, '../..');

/** A text file of the project; `path` counts from its folder, with `/`. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

const IGNORED = new Set(['node_modules', '.venv', 'dist', '.git', 'coverage', 'cdk.out', 'reprise-demo']);

/** Paths of all files below the folders that end in one of `endings`; a folder that is not there has none. */
export const pathsIn = (folders: readonly string[], endings: readonly string[]): readonly string[] =>
  folders.flatMap((folder) => {
    const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
    return entries.flatMap((entry) => {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : pathsIn([path], endings);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
    });
  });

export const readProjectFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Those files with their text. */
export const filesIn = (folders: readonly string[], endings: readonly string[]): readonly ProjectFile[] =>
  pathsIn(folders, endings).map((path) => ({ path, text: readProjectFile(path) }));

/** A comment stands on lines of its own, or behind code and a space. */
const COMMENT = /(?<=^|[\s(,])\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;

/** TypeScript without its comments. */
export const codeOf = (text: string): string => text.replace(COMMENT, '');

/** The comments of TypeScript. */
export const commentsOf = (text: string): string => (text.match(COMMENT) ?? []).join('\n');

/** Every module that TypeScript text imports, in whatever way: types only, for side effects, or when it is needed. */
export const importsOf = (text: string): readonly string[] =>
  [
    ...codeOf(text).matchAll(
      /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
    ),
  ].map((found) => found[1] ?? found[2] ?? found[3] ?? '');
