/** From planned header pairs and bodies to what undici writes on the wire, byte for byte. */

import { RepriseError } from '../core/errors.ts';
import type { Rule } from '../core/rules/rule-set.ts';
import type { HeaderValue, PlannedRequest } from '../core/types.ts';

/** Looks up an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

const NOT_ASCII = /[\u0080-\uffff]/;
/** What no header value may hold: control bytes other than the tab. */
const CONTROL_BYTES = /[^\t\u0020-\u007e\u0080-\uffff]/;

/** Whether `value` holds bytes that no header value may have, such as the newline at the end of a file. */
export const holdsControlBytes = (value: string): boolean => CONTROL_BYTES.test(value);

/** UTF-8 of `text`, in which a lone surrogate U+DC80–U+DCFF stands for the raw byte 0x80–0xFF. */
const toBytes = (text: string): Buffer => {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts = Array.from(text, (character) => {
    const unit = character.length === 1 ? character.charCodeAt(0) : 0;
    return unit >= 0xdc80 && unit <= 0xdcff ? Buffer.of(unit - 0xdc00) : Buffer.from(character, 'utf8');
  });
  return Buffer.concat(parts);
};

/**
 * A header value as undici takes it: one character a byte. Plain ASCII, nearly every value, is returned as it is.
 *
 * @param value - text in which a lone surrogate U+DC80–U+DCFF stands for the raw byte 0x80–0xFF
 */
export const toHeaderText = (value: string): string =>
  NOT_ASCII.test(value) ? toBytes(value).toString('latin1') : value;

/** A planned body as bytes; lone surrogates as in `toHeaderText`. */
export const toBodyBytes = (body: string): Buffer => toBytes(body);

/**
 * Turns planned headers into undici's flat array, names and order kept. Values from the environment are asked for anew at each request,
 * so that one which was replaced is not sent any more; no error, result or log ever holds one.
 *
 * @returns a function that throws `HEADER_ENV_MISSING` for a variable that is not set
 */
export const createHeaderWriter = (env: ReadEnv): ((request: PlannedRequest) => string[]) => {
  const fromEnv = (name: string): string => {
    const value = env(name);
    if (value !== undefined && value !== '') return toHeaderText(value);
    throw new RepriseError('HEADER_ENV_MISSING', `environment variable ${name} is not set`);
  };
  const textOf = (value: HeaderValue, isAscii: boolean): string => {
    if (typeof value !== 'string') return fromEnv(value.fromEnv) + (value.suffix ?? '');
    return isAscii ? value : toHeaderText(value);
  };
  return ({ host, headers, isAscii = false }) => {
    const first = host === undefined ? 0 : 2;
    // On the way of every send: room for all at once, and no iterators.
    const flat = new Array<string>(first + 2 * headers.length);
    if (host !== undefined) {
      flat[0] = 'host';
      flat[1] = toHeaderText(host);
    }
    for (let i = 0; i < headers.length; i += 1) {
      const pair = headers[i] as readonly [string, HeaderValue];
      flat[first + 2 * i] = pair[0];
      flat[first + 2 * i + 1] = textOf(pair[1], isAscii);
    }
    return flat;
  };
};

/** What is wrong with the variables that `rule` names, a line each. */
const envFaults = (rule: Rule, env: ReadEnv): readonly { code: string; message: string }[] =>
  rule.headers.set.flatMap(([header, value]) => {
    if (typeof value === 'string') return [];
    const name = value.fromEnv;
    const text = env(name);
    const of = `header ${header} of rule ${rule.name}`;
    if (text === undefined || text === '') {
      return [
        {
          code: 'HEADER_ENV_MISSING',
          message: `${of} needs the environment variable ${name}, which is not set`,
        },
      ];
    }
    if (!holdsControlBytes(text)) return [];
    const message = `${of}: the environment variable ${name} holds control bytes, which no header may have`;
    return [{ code: 'HEADER_ENV_INVALID', message }];
  });

/**
 * Checks, before anything is sent, that every `fromEnv` header of the rules can be resolved.
 *
 * @throws RepriseError `HEADER_ENV_MISSING` or `HEADER_ENV_INVALID` with every fault in the message; values never appear in it
 */
export const resolveHeaderEnv = (rules: readonly Rule[], env: ReadEnv): void => {
  const faults = rules.flatMap((rule) => envFaults(rule, env));
  const [first] = faults;
  if (first === undefined) return;
  const message = faults.map((fault) => fault.message).join('; ');
  throw new RepriseError(first.code, message, {
    hint: 'set it in the environment of the process that sends, without a newline at its end',
  });
};
