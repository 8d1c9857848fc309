/** What can be wrong with YAML itself, before it means anything. */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  type Node,
  type ParsedNode,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Fault } from './fault.ts';

/** Ten times what a sensible file needs; recursion over deeper data would run out of stack. */
const MAX_DEPTH = 64;
/** Aliases in one file: enough to share values, too few to multiply them into gigabytes. */
const MAX_ALIASES = 100;

/** A fault that knows its offset in the text, and not yet its line. */
export type YamlFault = Pick<Fault, 'code' | 'message' | 'hint'> & { readonly offset: number };
export type ParsedYaml = Document.Parsed<ParsedNode>;

/** Text of a key; empty for what is no scalar. */
export const keyText = (key: unknown): string => (isScalar(key) ? String(key.value) : '');
/** Where a node begins, in UTF-16 units from the start of the text. */
export const offsetOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];

const duplicateKeys = (map: YAMLMap): readonly YamlFault[] => {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const text = keyText(key);
    const isNew = !seen.has(text);
    seen.add(text);
    if (isNew) return [];
    const message = `the key ${JSON.stringify(text)} is given twice in one mapping`;
    return [{ code: 'YAML_DUPLICATE_KEY', message, offset: offsetOf(key) ?? 0 }];
  });
};

const tooDeep = (offset: number): YamlFault => ({
  code: 'YAML_TOO_DEEP',
  message: `values are nested more than ${MAX_DEPTH} deep`,
  offset,
});

/** What yaml found, in words of our own where its are not plain. */
export const syntaxFault = (error: YAMLError): YamlFault => {
  const offset = error.pos[0];
  if (error.code === 'RESOURCE_EXHAUSTION') return tooDeep(offset);
  if (error.code === 'TAB_AS_INDENT')
    return { code: 'YAML_SYNTAX', message: 'a tab cannot indent', hint: 'use spaces', offset };
  if (error.code === 'MULTIPLE_DOCS')
    return {
      code: 'YAML_SYNTAX',
      message: 'there is more than one document in the file',
      hint: 'leave out the line ---, or make it two files',
      offset,
    };
  if (error.code === 'NON_STRING_KEY')
    return { code: 'YAML_SYNTAX', message: 'a key must be text, got a list or a mapping', offset };
  const text = error.message;
  return { code: 'YAML_SYNTAX', message: `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`, offset };
};

/** Faults of keys, aliases and depth, in one walk; yaml's own check of unique keys takes quadratic time. */
export const structureFaults = (doc: ParsedYaml): readonly YamlFault[] => {
  const found: YamlFault[] = [];
  const anchors = new Map<string, unknown>();
  let aliases = 0;
  const checkAlias = (alias: Alias, path: readonly unknown[]): void => {
    const at = { code: 'YAML_ALIAS', offset: offsetOf(alias) ?? 0 };
    const anchored = anchors.get(alias.source);
    aliases += 1;
    if (aliases > MAX_ALIASES) found.push({ ...at, message: `there are more than ${MAX_ALIASES} aliases` });
    else if (anchored === undefined)
      found.push({ ...at, message: `the alias *${alias.source} stands before its anchor, or has none` });
    else if (path.includes(anchored))
      found.push({ ...at, message: `the alias *${alias.source} stands inside what it repeats` });
  };
  visit(doc, {
    Node: (_key, node, path) => {
      // Documents, pairs and collections alternate on the way down.
      if (path.length > 2 * MAX_DEPTH) {
        found.push(tooDeep(offsetOf(node) ?? 0));
        return visit.BREAK;
      }
      if (isAlias(node)) checkAlias(node, path);
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      // One by one: as arguments of a single call, very many would run out of stack.
      if (isMap(node)) for (const fault of duplicateKeys(node)) found.push(fault);
      return aliases > MAX_ALIASES ? visit.BREAK : undefined;
    },
  });
  return found;
};

const firstAlias = (doc: ParsedYaml): number => {
  let offset = 0;
  visit(doc, {
    Alias: (_key, alias) => {
      offset = offsetOf(alias) ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
};

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/** Plain data of a document without faults, or what only shows once aliases take the place of what they repeat. */
export const plainData = (doc: ParsedYaml): { value: unknown; found: readonly YamlFault[] } => {
  try {
    const value: unknown = doc.contents === null ? undefined : doc.toJS({ maxAliasCount: MAX_ALIASES });
    return isDeeper(value, MAX_DEPTH)
      ? { value: undefined, found: [tooDeep(firstAlias(doc))] }
      : { value, found: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'aliases of aliases multiply the file out of bounds';
    return { value: undefined, found: [{ code: 'YAML_ALIAS', message, offset: firstAlias(doc) }] };
  }
};
