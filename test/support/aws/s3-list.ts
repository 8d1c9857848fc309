/** ListObjectsV2 as S3 answers it. */

import { AwsProblem } from './endpoint.ts';
import type { S3State } from './s3-store.ts';

const MAX_KEYS = 1000;

/** Text in XML. What XML cannot hold is written as a reference all the same, as S3 does. */
export const xmlText = (text: string): string =>
  text.replace(/[&<>"]|\p{Cc}/gu, (found) => `&#x${found.charCodeAt(0).toString(16)};`);

/** As S3 encodes keys in a listing: like a form, but slashes stay. */
const urlEncode = (text: string): string =>
  encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/').replaceAll('*', '%2A');

const element = (name: string, text: string | number | boolean | undefined): string =>
  text === undefined ? '' : `<${name}>${xmlText(String(text))}</${name}>`;

const tokenOf = (key: string): string => Buffer.from(`token:${key}`).toString('base64');
const keyOf = (token: string): string => {
  const text = Buffer.from(token, 'base64').toString();
  if (text.startsWith('token:')) return text.slice(6);
  throw new AwsProblem(400, 'InvalidArgument', 'The continuation token provided is incorrect');
};

interface Entry {
  readonly text: string;
  readonly isPrefix: boolean;
  /** Last key that it stands for. */
  readonly lastKey: string;
}

const entriesOf = (keys: readonly string[], prefix: string, delimiter: string | null): readonly Entry[] => {
  const entries: Entry[] = [];
  for (const key of keys) {
    const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    const text = end < 0 ? key : key.slice(0, end + (delimiter ?? '').length);
    const last = entries.at(-1);
    if (end >= 0 && last?.isPrefix === true && last.text === text) entries.pop();
    entries.push({ text, isPrefix: end >= 0, lastKey: key });
  }
  return entries;
};

const isBehind = (key: string, after: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;

/** The XML of one page. `pageSize` keeps pages shorter than what was asked for, which S3 may do as well. */
export const listPage = (
  state: S3State,
  bucket: string,
  query: URLSearchParams,
  pageSize = MAX_KEYS,
): string => {
  const prefix = query.get('prefix') ?? '';
  const token = query.get('continuation-token');
  const after = token === null ? query.get('start-after') : keyOf(token);
  const encoding = query.get('encoding-type');
  const encode = (text: string): string => (encoding === 'url' ? urlEncode(text) : text);
  const most = Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS, pageSize);
  const keys = state
    .keys(bucket)
    .filter((key) => key.startsWith(prefix) && (after === null || isBehind(key, after)));
  const entries = entriesOf(keys, prefix, query.get('delimiter'));
  const page = entries.slice(0, most);
  const isTruncated = entries.length > page.length;
  const contents = page.map(({ text, isPrefix }) => {
    if (isPrefix) return `<CommonPrefixes>${element('Prefix', encode(text))}</CommonPrefixes>`;
    const { etag, bytes, lastModifiedMs } = state.get(bucket, text) ?? {
      etag: '',
      bytes: '',
      lastModifiedMs: 0,
    };
    return `<Contents>${element('Key', encode(text))}${element('LastModified', new Date(lastModifiedMs).toISOString())}${element('ETag', etag)}${element('Size', bytes.length)}<StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const next = isTruncated ? tokenOf(page.at(-1)?.lastKey ?? '') : undefined;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    element('Name', bucket) +
    element('Prefix', encode(prefix)) +
    element('KeyCount', page.length) +
    element('MaxKeys', most) +
    element('EncodingType', encoding ?? undefined) +
    element('IsTruncated', isTruncated) +
    element('NextContinuationToken', next) +
    `${contents.join('')}</ListBucketResult>`
  );
};
