import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import type { RuleText } from '../core/rules/fault.ts';

export interface RuleFiles {
  readonly rules: readonly RuleText[];
  /** Cases that stand beside them. */
  readonly cases: readonly RuleText[];
}

/** Far above any rule file written by people, far below what a mistaken path (a log, a disk image) could hold. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name);
const isCases = (name: string): boolean => /\.cases\.ya?ml$/.test(name);

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');

const unreadable = (path: string, error: unknown): RepriseError =>
  codeOf(error) === 'ENOENT'
    ? new RepriseError('RULES_MISSING', `there is no rule file or folder ${JSON.stringify(path)}`, {
        hint: 'name a .yaml file, or a folder that holds some',
        cause: error,
      })
    : new RepriseError('RULES_UNREADABLE', `cannot read ${JSON.stringify(path)}: ${codeOf(error)}`, {
        cause: error,
      });

const readBytes = async (path: string): Promise<Uint8Array> => {
  // Read up to the limit, not by size: a pipe (`<(…)`) has none.
  const handle = await open(path);
  try {
    const chunks: Uint8Array[] = [];
    for (let total = 0; total <= MAX_FILE_BYTES; ) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      total += bytesRead;
    }
  } finally {
    await handle.close();
  }
  throw new RepriseError('RULES_TOO_LARGE', `${JSON.stringify(path)} is larger than 10 MiB`, {
    hint: 'is it a rule file?',
  });
};

const decode = (path: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RepriseError('RULES_NOT_UTF8', `${JSON.stringify(path)} is not UTF-8`, {
      hint: 'save it as UTF-8',
      cause,
    });
  }
};

const readText = async (path: string): Promise<RuleText> => {
  const bytes = await readBytes(path).catch((error: unknown) => {
    throw error instanceof RepriseError ? error : unreadable(path, error);
  });
  return { name: path, text: decode(path, bytes) };
};

const readAll = (paths: readonly string[]): Promise<RuleText[]> => Promise.all(paths.map(readText));

const statOf = (path: string) =>
  stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });

const isThere = async (path: string): Promise<boolean> => {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw unreadable(path, error);
  }
};

/** Where rules and their cases stand. */
interface RulePaths {
  readonly rules: readonly string[];
  readonly cases: readonly string[];
}

const pathsInFolder = async (folder: string): Promise<RulePaths> => {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const paths: string[] = [];
  // Editors leave hidden copies behind; a folder may be called x.yaml.
  for (const name of names.filter((name) => isYaml(name) && !name.startsWith('.')).toSorted())
    if (!(await statOf(join(folder, name))).isDirectory()) paths.push(join(folder, name));
  const rules = paths.filter((path) => !isCases(path));
  if (rules.length === 0)
    throw new RepriseError('RULES_MISSING', `there is no rule file in ${JSON.stringify(folder)}`, {
      hint: 'rule files end in .yaml or .yml; folders inside are not read',
    });
  return { rules, cases: paths.filter(isCases) };
};

const pathsOfSingle = async (path: string): Promise<RulePaths> => {
  if (isCases(path))
    throw new RepriseError('RULES_MISSING', `${JSON.stringify(path)} holds cases, not rules`, {
      hint: 'name the rule file beside it; its cases are read with it',
    });
  const stem = path.replace(/\.ya?ml$/, '');
  const beside = isYaml(path) ? [`${stem}.cases.yaml`, `${stem}.cases.yml`] : [];
  const cases: string[] = [];
  for (const candidate of beside) if (await isThere(candidate)) cases.push(candidate);
  return { rules: [path], cases };
};

const findPaths = async (path: string): Promise<RulePaths> =>
  (await statOf(path)).isDirectory() ? pathsInFolder(path) : pathsOfSingle(path);

/**
 * The paths of all files that `readRuleFiles` reads.
 *
 * @throws RepriseError RULES_MISSING, RULES_UNREADABLE
 */
export const listRuleFiles = async (path: string): Promise<readonly string[]> => {
  const { rules, cases } = await findPaths(path);
  return [...rules, ...cases];
};

/**
 * Reads rules with their cases: one file, or every `*.yaml` and `*.yml` of a folder, in the order of their names, not those of
 * folders inside.
 *
 * @throws RepriseError RULES_MISSING, RULES_UNREADABLE, RULES_NOT_UTF8, RULES_TOO_LARGE (above 10 MiB a file)
 */
export const readRuleFiles = async (path: string): Promise<RuleFiles> => {
  const { rules, cases } = await findPaths(path);
  return { rules: await readAll(rules), cases: await readAll(cases) };
};
