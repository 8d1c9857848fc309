/**
 * Bodies made from a template, for requests that had a body which the log does not hold. What is filled in was chosen by whoever sent
 * the request, so it stands inside of a JSON string, escaped for it: it can end neither the string nor the line.
 */

import { isRedacted } from '../parse/line-fields.ts';
import { nearest } from '../rules/nearest.ts';
import type { RecordedRequest } from '../types.ts';
import { pathOf } from './recorded-parts.ts';

/** What is wrong with a template; `offset` is where in its text. */
export interface TemplateFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

type Fill = (request: RecordedRequest) => string;

const decoded = (text: string): string => {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not UTF-8, or no escape at all: filled in as it was sent.
    return spaced;
  }
};

/** The first value of a query key, both decoded; empty where there is none, or none was logged. */
const queryValue = (target: string, name: string): string => {
  const query = target.indexOf('?');
  const pairs = query < 0 ? [] : target.slice(query + 1).split('&');
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (decoded(at < 0 ? pair : pair.slice(0, at)) !== name) continue;
    const value = at < 0 ? '' : decoded(pair.slice(at + 1));
    return isRedacted(value) ? '' : value;
  }
  return '';
};

const SIMPLE: Readonly<Record<string, Fill>> = {
  id: ({ id }) => id,
  method: ({ method }) => method,
  path: ({ target }) => pathOf(target),
};

const fillOf = (name: string): Fill | undefined => {
  if (Object.hasOwn(SIMPLE, name)) return SIMPLE[name];
  const key = /^query\.(\S+)$/.exec(name)?.[1];
  return key === undefined ? undefined : ({ target }) => queryValue(target, key);
};

const ALLOWED = 'placeholders are {{id}}, {{method}}, {{path}} and {{query.NAME}}';

const hintFor = (name: string): string => {
  const near = nearest(name.trim(), Object.keys(SIMPLE));
  return near === undefined ? ALLOWED : `did you mean {{${near}}}?`;
};

type Part = { readonly offset: number } & (
  | { readonly kind: 'text'; readonly text: string }
  /** `name` is undefined where nothing closes the braces. */
  | { readonly kind: 'placeholder'; readonly name: string | undefined }
);

/** Parts of a template, in one pass. Of more than two braces the inner ones count: `{{{id}}}` is a placeholder in braces. */
const partsOf = (template: string): readonly Part[] => {
  const parts: Part[] = [];
  let textFrom = 0;
  let open: number | undefined;
  const addPlaceholder = (offset: number, end: number | undefined): void => {
    parts.push({ kind: 'text', offset: textFrom, text: template.slice(textFrom, offset) });
    const name = end === undefined ? undefined : template.slice(offset + 2, end);
    parts.push({ kind: 'placeholder', offset, name });
    textFrom = (end ?? offset) + 2;
    open = undefined;
  };
  for (const { 0: braces, index } of template.matchAll(/\{\{(?!\{)|\}\}/g)) {
    if (open !== undefined) addPlaceholder(open, braces === '}}' ? index : undefined);
    if (braces === '{{') open = index;
  }
  if (open !== undefined) addPlaceholder(open, undefined);
  return [...parts, { kind: 'text', offset: textFrom, text: template.slice(textFrom) }];
};

/** Whether a JSON string that was open, or not, before `text` is open behind it. */
const isStringOpen = (text: string, isOpen: boolean): boolean =>
  (text.match(/\\.|"/gs) ?? []).filter((found) => found === '"').length % 2 === 1 ? !isOpen : isOpen;

/** What those chose who sent the requests: outside of quotes it could add whatever JSON has. */
const isForeign = (name: string): boolean => name === 'path' || name.startsWith('query.');

const faultOf = (
  name: string | undefined,
  isInString: boolean,
): Omit<TemplateFault, 'offset'> | undefined => {
  if (name === undefined) return { message: 'nothing closes {{ in the template', hint: ALLOWED };
  if (fillOf(name) === undefined)
    return { message: `the template has no placeholder ${JSON.stringify(name)}`, hint: hintFor(name) };
  if (isInString || !isForeign(name)) return undefined;
  return {
    message: `{{${name}}} must stand inside double quotes, since whoever sent the request chose what is filled in`,
    hint: `write "{{${name}}}"`,
  };
};

/** What is wrong with a template; empty where nothing is. */
export const findTemplateFaults = (template: string): readonly TemplateFault[] => {
  const faults: TemplateFault[] = [];
  let isInString = false;
  for (const part of partsOf(template)) {
    if (part.kind === 'text') isInString = isStringOpen(part.text, isInString);
    else {
      const fault = faultOf(part.name, isInString);
      if (fault !== undefined) faults.push({ offset: part.offset, ...fault });
    }
  }
  return faults;
};

/** The text as it stands inside a JSON string, without the quotes around it. */
const insideJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Compiles a template without faults into what makes the body of a request. */
export const createTemplate = (template: string): Fill => {
  const fills = partsOf(template).map((part): Fill => {
    if (part.kind === 'text') return () => part.text;
    const fill = fillOf(part.name ?? '') ?? (() => '');
    return (request) => insideJson(fill(request));
  });
  return (request) => fills.map((fill) => fill(request)).join('');
};
