/** YAML as values that still know where they stand. */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Fault, RuleText } from './fault.ts';
import {
  keyText,
  offsetOf,
  type ParsedYaml,
  plainData,
  structureFaults,
  syntaxFault,
  type YamlFault,
} from './yaml-faults.ts';

/** Keys and indexes from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** A place in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A text read as YAML: its data, its faults, and the way back from data to places. */
export interface YamlFile {
  readonly name: string;
  /** Plain data; undefined where there are faults, and where there is nothing but comments. */
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** Place of the value at `path`, or of its key; where the path leads nowhere, of the nearest value above it. */
  place(path: Path, part?: 'key' | 'value'): Place;
  /** Place of a character inside the text at `path`; that of the text itself where escapes or folding shift it. */
  placeInside(path: Path, offset: number): Place;
  /** The number at `path` as it is written, which may be more than a number holds. */
  writtenNumber(path: Path): string | undefined;
}

/** More of them only follow from the first. */
const MAX_SYNTAX_FAULTS = 20;

const onePerPlace = (faults: readonly YamlFault[]): readonly YamlFault[] =>
  [...new Map(faults.toReversed().map((fault) => [fault.offset, fault])).values()].sort(
    (a, b) => a.offset - b.offset,
  );

const readValue = (doc: ParsedYaml): { value: unknown; found: readonly YamlFault[] } => {
  const syntax = [...doc.errors, ...doc.warnings].map(syntaxFault);
  const deep = syntax.find(({ code }) => code === 'YAML_TOO_DEEP');
  if (deep) return { value: undefined, found: [deep] };
  const found = [...onePerPlace(syntax).slice(0, MAX_SYNTAX_FAULTS), ...structureFaults(doc)];
  return found.length > 0 ? { value: undefined, found } : plainData(doc);
};

/** Looks nodes up by path; an index a mapping, since a file may hold very many faults. */
const createFinder = (doc: ParsedYaml) => {
  const indexes = new Map<YAMLMap, Map<string, { key: unknown; value: unknown }>>();
  const indexOf = (map: YAMLMap): Map<string, { key: unknown; value: unknown }> => {
    const index = indexes.get(map) ?? new Map(map.items.map((pair) => [keyText(pair.key), pair]));
    indexes.set(map, index);
    return index;
  };
  return (path: Path): { node: unknown; keyOffset: number; valueOffset: number } => {
    let node: unknown = doc.contents;
    let valueOffset = offsetOf(node) ?? 0;
    let keyOffset = valueOffset;
    for (const step of path) {
      const inside: unknown = isAlias(node) ? node.resolve(doc) : node;
      const pair = isMap(inside) ? indexOf(inside).get(String(step)) : undefined;
      node = pair ? pair.value : isSeq(inside) ? inside.items[Number(step)] : undefined;
      if (node === undefined && pair === undefined) break;
      const range = (node as Node | null)?.range;
      keyOffset = offsetOf(pair?.key) ?? range?.[0] ?? valueOffset;
      // A key with nothing behind it: what is missing has no place of its own.
      valueOffset = range && range[1] > range[0] ? range[0] : keyOffset;
    }
    return { node, keyOffset, valueOffset };
  };
};

const OPTIONS = {
  prettyErrors: false,
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
} as const;

/** Reads YAML 1.2 (core schema). Never throws: whatever is wrong is a fault with its place. */
export const readYaml = ({ name, text }: RuleText): YamlFile => {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const lines = new LineCounter();
  const doc = parseDocument(source, { ...OPTIONS, lineCounter: lines }) as ParsedYaml;
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, source.length));
    return line === 0 ? { line: 1, column: 1 } : { line, column: col };
  };
  const { value, found } = readValue(doc);
  const find = createFinder(doc);
  return {
    name,
    value,
    faults: found.map(({ offset, ...fault }) => ({
      file: name,
      ...placeAt(offset),
      ...fault,
      severity: 'error' as const,
    })),
    place: (path, part = 'value') => {
      const { keyOffset, valueOffset } = find(path);
      return placeAt(part === 'key' ? keyOffset : valueOffset);
    },
    placeInside: (path, offset) => {
      const { node, valueOffset } = find(path);
      const quote = isScalar(node) && node.type !== 'PLAIN' ? 1 : 0;
      const start = valueOffset + quote;
      const isLiteral =
        isScalar(node) && typeof node.value === 'string' && source.startsWith(node.value, start);
      return placeAt(isLiteral ? start + offset : valueOffset);
    },
    writtenNumber: (path) => {
      const { node } = find(path);
      const scalar: unknown = isAlias(node) ? node.resolve(doc) : node;
      return isScalar(scalar) && typeof scalar.value === 'number' ? scalar.source : undefined;
    },
  };
};
