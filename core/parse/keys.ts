/** What the keys of a log line mean: the usual names (key-names.ts) and one's own from `logs.fields`, as numbered slots. */

import { LOG_FIELDS, type LogField, type LogOptions } from '../rules/rule-set.ts';
import { type HeaderCells, type KeyMeaning, type KeyTable, newKeyTable } from './json-keys.ts';
import {
  ENVELOPE_NAMES,
  HEADER_OBJECTS,
  NGINX_HEADERS,
  NGINX_NAMES,
  NO_HEADERS,
  NO_TRAEFIK_HEADERS,
  STREAM_NAME,
  TRAEFIK_KEYS,
} from './key-names.ts';

type Meaning = keyof typeof NGINX_NAMES;
const MEANINGS = Object.keys(NGINX_NAMES) as Meaning[];

const names = [
  ...TRAEFIK_KEYS.map((key) => `traefik.${key}`),
  // A name of lesser rank has a slot of its own, so that it can stand beside a better one.
  ...MEANINGS.flatMap((meaning) => NGINX_NAMES[meaning].map((_, rank) => `nginx.${meaning}.${rank}`)),
  ...ENVELOPE_NAMES.map((name) => `envelope.${name}`),
  ...LOG_FIELDS.map((field) => `own.${field}`),
  STREAM_NAME,
];

const SLOT: ReadonlyMap<string, number> = new Map(names.map((name, slot) => [name, slot]));

const slotOf = (name: string): number => SLOT.get(name) ?? -1;

/** How many slots there are. */
export const SLOT_COUNT = names.length;

/** Slots of Traefik's fields. */
export const TRAEFIK = Object.fromEntries(
  TRAEFIK_KEYS.map((key) => [key, slotOf(`traefik.${key}`)]),
) as Record<(typeof TRAEFIK_KEYS)[number], number>;

/** Slots of each meaning, own name (`logs.fields`) apart, best first. */
export const NGINX = Object.fromEntries(
  MEANINGS.map((meaning) => [
    meaning,
    NGINX_NAMES[meaning].map((_, rank) => slotOf(`nginx.${meaning}.${rank}`)),
  ]),
) as unknown as Record<Meaning, readonly number[]>;

/** Slots of one's own names. */
export const OWN = Object.fromEntries(LOG_FIELDS.map((field) => [field, slotOf(`own.${field}`)])) as Record<
  LogField,
  number
>;

/** Slots of the keys that collectors put a line into. */
export const ENVELOPE = Object.fromEntries(
  ENVELOPE_NAMES.map((name) => [name, slotOf(`envelope.${name}`)]),
) as Record<(typeof ENVELOPE_NAMES)[number], number>;

/** Slot of `stdout` or `stderr`. */
export const STREAM = slotOf(STREAM_NAME);

type Meanings = Map<string, KeyMeaning>;

const put = (meanings: Meanings, key: string, meaning: Partial<KeyMeaning>): void => {
  meanings.set(key, { ...(meanings.get(key) ?? { slot: -1 }), ...meaning });
};

const builtIn = (): Meanings => {
  const meanings: Meanings = new Map();
  for (const key of TRAEFIK_KEYS) put(meanings, key, { slot: TRAEFIK[key] });
  for (const meaning of MEANINGS) {
    for (const [rank, keys] of NGINX_NAMES[meaning].entries()) {
      const slot = NGINX[meaning][rank] ?? -1;
      for (const key of typeof keys === 'string' ? [keys] : keys) put(meanings, key, { slot });
    }
  }
  for (const [key, header] of Object.entries(NGINX_HEADERS)) put(meanings, key, { header });
  for (const name of ENVELOPE_NAMES) put(meanings, name, { slot: ENVELOPE[name] });
  put(meanings, STREAM_NAME, { slot: STREAM });
  return meanings;
};

const OWN_HEADERS: Readonly<Record<string, string>> = { userAgent: 'user-agent', referer: 'referer' };

const withOwn = (meanings: Meanings, fields: LogOptions['fields']): Meanings => {
  for (const [meaning, path] of Object.entries(fields)) {
    if (path === undefined) continue;
    const header = meaning.startsWith('headers.') ? meaning.slice('headers.'.length) : OWN_HEADERS[meaning];
    if (header === undefined) put(meanings, path, { slot: OWN[meaning as LogField] });
    else put(meanings, path, { header, isOwn: true });
  }
  return meanings;
};

/** Loki writes labels with underscores alone; no real header has that name. */
const traefikHeader = (name: string): string => (/^user_agent$/i.test(name) ? 'User-Agent' : name);

/** A header named by convention: `http_x_seq` (nginx), `request_X-Seq` (Traefik, in any case). */
const headerByPrefix = (key: string): KeyMeaning | undefined => {
  if (/^http_[a-z0-9_]+$/.test(key) && !NO_HEADERS.has(key))
    return { slot: -1, header: key.slice('http_'.length).replaceAll('_', '-') };
  if (/^request_./i.test(key) && !NO_TRAEFIK_HEADERS.has(key))
    return { slot: -1, header: traefikHeader(key.slice('request_'.length)), isTraefik: true };
  return undefined;
};

const HOST_HEADER = /^(?:host|:authority)$/i;

const headerOfObject = (key: string): KeyMeaning => {
  if (HOST_HEADER.test(key)) return { slot: NGINX.httpHost[1] ?? -1 };
  return { slot: -1, header: key.includes('-') ? key : key.replaceAll('_', '-') };
};

const IS_HEADER_OBJECT = new Set(HEADER_OBJECTS.map((name) => `${name}.`));
const HEADER_PATHS: Meanings = new Map(HEADER_OBJECTS.map((name) => [`${name}.*`, { slot: -1 }]));

/** What a key of the level means that has no meaning by its name. */
const fallbackAt = (prefix: string): ((key: string) => KeyMeaning | undefined) => {
  if (prefix === '') return headerByPrefix;
  return IS_HEADER_OBJECT.has(prefix) ? headerOfObject : () => undefined;
};

/** The table of one level: the keys that start with `prefix`, and what stands inside of them. */
const tableAt = (meanings: Meanings, prefix: string, cells: HeaderCells): KeyTable => {
  const here: Meanings = new Map();
  for (const [path, meaning] of meanings) {
    if (!path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    here.set(rest, { ...meaning, inside: here.get(rest)?.inside });
    const dot = rest.indexOf('.');
    const outer = rest.slice(0, dot);
    if (dot < 1 || here.get(outer)?.inside !== undefined) continue;
    const known = here.get(outer) ?? meanings.get(prefix + outer) ?? { slot: -1 };
    here.set(outer, { ...known, inside: tableAt(meanings, `${prefix}${outer}.`, cells) });
  }
  const fallback = fallbackAt(prefix);
  return newKeyTable((key) => here.get(key) ?? fallback(key), cells);
};

/** The keys of a log line, with one's own names on top of the usual ones. */
export const logKeys = (fields: LogOptions['fields']): KeyTable =>
  tableAt(new Map([...withOwn(builtIn(), fields), ...HEADER_PATHS]), '', new Map());
