/** What a schema cannot say about targets, `mark` and `logs`. */

import { LOG_FORMATS } from '../types.ts';
import { checkTimeout } from './check-limits.ts';
import { logsOf, targetOf } from './normalise.ts';
import type { RawLogs, RawTarget } from './raw-rules.ts';
import type { LogOptions, Target } from './rule-set.ts';
import type { Entry, Report } from './rule-source.ts';
import { parseTargetUrl } from './target-url.ts';

const DURATIONS = ['durationSeconds', 'durationMs', 'durationNanos'];

// Words of everyday user agents: as a mark, each would make strangers' traffic our own.
const EVERYDAY =
  'mozilla/5.0 (compatible; macintosh; windows nt 10.0; win64; x11; linux x86_64; iphone; android mobile; intel mac os x) applewebkit/537.36 (khtml, like gecko) chrome safari firefox edge opera googlebot bingbot';

/** A target, or undefined when it has faults, which are reported. */
export const checkTarget = (entry: Entry<RawTarget>, report: Report): Target | undefined => {
  const { name, file, path, raw, parts } = entry;
  const url = parts.url === undefined ? undefined : parseTargetUrl(parts.url);
  if (url?.kind === 'fault') {
    const { message, hint } = url;
    report({ file, path: [...path, 'url'] }, { code: 'TARGET_URL', message, hint });
  }
  const isInRange = checkTimeout(entry, report);
  return raw && url?.kind === 'ok' && isInRange ? targetOf(name, raw, url) : undefined;
};

/** Refuses a mark that browsers send. */
export const checkMark = (entry: Entry<string>, mark: string, report: Report): void => {
  if (!EVERYDAY.includes(mark.toLowerCase())) return;
  report(entry, {
    code: 'RULE_VALUE',
    message: `mark must not be a part of everyday user agents, got ${JSON.stringify(mark)}`,
    hint: 'all traffic of those clients would count as our own, and nothing of it would be replayed',
  });
};

/** Log options, or undefined when they have faults, which are reported. */
export const checkLogs = (
  { file, path, raw, parts }: Entry<RawLogs>,
  report: Report,
): LogOptions | undefined => {
  const readable: readonly string[] = ['auto', ...LOG_FORMATS];
  const isReadable = parts.format === undefined || readable.includes(parts.format);
  if (!isReadable)
    report(
      { file, path: [...path, 'format'] },
      {
        code: 'LOG_FORMAT_NOT_YET',
        message: `the log format ${parts.format} cannot be read yet; what can be read is ${readable.join(', ')}`,
      },
    );
  const [first, ...more] = Object.keys(parts.fields ?? {}).filter((field) => DURATIONS.includes(field));
  for (const field of more)
    report(
      { file, path: [...path, 'fields', field] },
      {
        code: 'RULE_CONFLICT',
        message: `${field} does not go with ${first}: a log has one duration`,
        part: 'key',
      },
    );
  return raw && isReadable && more.length === 0 ? logsOf(raw) : undefined;
};
