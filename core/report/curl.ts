/** A request as a line for a shell, to try it by hand. */

import type { Example } from '../measure/example.ts';
import { maskSecrets } from './mask.ts';

/** A word in single quotes, in which a POSIX shell takes everything as it stands. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A line break or a control byte would end the line where it is pasted, or hide what it does. */
const onOneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '?');

/**
 * A `curl` line that asks for what the example asked for: method, URL and Host, secrets masked. Other headers and bodies are not kept.
 *
 * @param origin - of the target, such as `https://staging.example.com`
 */
export const curlLine = (
  { method, path, host }: Pick<Example, 'method' | 'path' | 'host'>,
  origin: string,
): string => {
  const how = method === 'HEAD' ? ['--head'] : method === 'GET' ? [] : ['--request', quoted(method)];
  const isOther = host !== undefined && !origin.endsWith(`//${host}`);
  return [
    'curl --include --silent --show-error --globoff --path-as-is',
    ...how,
    ...(isOther ? ['--header', quoted(`host: ${host}`)] : []),
    quoted(`${origin}${maskSecrets(path)}`),
  ]
    .map(onOneLine)
    .join(' ');
};
