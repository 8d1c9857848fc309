/**
 * The shape of a rule file: the single source of what is checked, of the words in which a fault says what is allowed
 * (`errorMessage`), and of what editors show (rules/schema.json is this, written out). Draft 7, since that is what editors' YAML
 * support knows best. Values may be "one or a list" by a union type, never by `anyOf`, so that a wrong value gives one fault.
 * Secrets are `writeOnly`: a fault never repeats them.
 */

import { BYTES_PATTERN, DURATION_PATTERN, RATE_PATTERN } from '../units.ts';
import { LOG_FIELDS } from './rule-set.ts';

/** Formats that `logs.format` knows by name; which of them can be read is another question. */
export const KNOWN_LOG_FORMATS = [
  'auto',
  'traefik',
  'nginx',
  'combined',
  'alb',
  'cloudfront',
  'caddy',
  'envoy',
  'haproxy',
  'apache',
  'har',
] as const;

/** Names of rules and targets: they stand in ids (`<key>.<rule>.<copy>`) and metrics, so no dots and no upper case. */
export const NAME_PATTERN = '^[a-z0-9][a-z0-9_-]{0,62}$';
export const MAX_PERCENT = 100;
export const MAX_SPEED = 1000;
export const MAX_MULTIPLY = 1000;
export const MAX_RAMP = '10m';
/** More would leave no room in a request that fits a slice. */
const MAX_TEMPLATE = 65_536;

// RFC 9110, 5.6.2. The asterisk is one of its characters, so the same pattern serves for globs of names.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const NO_CONTROLS = '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$';
const HOST = '\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+';
const PERCENT = '(100(\\.0{1,9})?|\\d{1,2}(\\.\\d{1,9})?)%';

/** Above zero, and of no more digits than a double holds. */
const positive = (pattern: string): string => `^(?=[\\d.]*[1-9])(?!\\d{10})${pattern.slice(1)}`;

const name = { type: 'string', pattern: NAME_PATTERN } as const;
const nameWords = 'must be 1 to 63 of a-z, 0-9, "-" and "_", beginning with a letter or a digit' as const;

const oneOrList = <S extends { readonly type: string }>(item: S) =>
  ({ ...item, type: [item.type, 'array'], items: item, minItems: 1 }) as const;

const duration = {
  type: 'string',
  pattern: positive(DURATION_PATTERN),
  errorMessage: 'must be a duration above 0 such as 800ms, 10s, 5m, 1h or 2d',
} as const;

const rate = {
  type: 'string',
  pattern: positive(RATE_PATTERN),
  errorMessage: 'must be a rate above 0 such as 500/s, 30/m or 10/h',
} as const;

const maxRate = {
  ...rate,
  description: 'At most so many requests, over all rules. Left out: no limit.',
} as const;

const maxInFlight = {
  type: 'integer',
  minimum: 1,
  maximum: 999,
  errorMessage: 'must be a whole number from 1 to 999',
} as const;

const budget = {
  type: 'object',
  additionalProperties: false,
  description: 'Limits of a whole run. Bytes are those of the bodies of answers.',
  properties: {
    requests: {
      type: 'integer',
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      errorMessage: `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    },
    bytes: {
      type: 'string',
      pattern: positive(BYTES_PATTERN),
      errorMessage: 'must be a size above 0 such as 500MB or 2GiB',
    },
    duration,
  },
} as const;

const headerNames = oneOrList({
  type: 'string',
  pattern: `^${TOKEN}$`,
  errorMessage: 'must be a header name, in which * stands for any characters, or a list of them',
} as const);

const valuePatterns = oneOrList({
  type: 'string',
  pattern: NO_CONTROLS,
  errorMessage: 'must be text without control characters, in which * and ** are wildcards, or a list of such',
} as const);

const STATUS_WORDS =
  'must be a status from 200 to 599 or a class from 1xx to 5xx, or a list of them' as const;
const status = {
  type: ['string', 'integer'],
  pattern: '^([2-5]\\d\\d|[1-5]xx)$',
  minimum: 200,
  maximum: 599,
  errorMessage: STATUS_WORDS,
} as const;

const match = {
  type: 'object',
  description: 'What a recorded request must be for the rule to take it: every key given must hold.',
  additionalProperties: false,
  properties: {
    host: {
      ...oneOrList({
        type: 'string',
        pattern: '^(\\[[0-9A-Fa-f:.*]+\\]|[A-Za-z0-9._*-]+)$',
        errorMessage:
          'must be a host without scheme and port, in which * is a wildcard, such as api.example.com or *.example.com, or a list of them',
      } as const),
      description: 'Host of the recorded request, exact or glob. Case and port are ignored.',
    },
    method: {
      ...oneOrList({
        type: 'string',
        pattern: '^[A-Za-z][A-Za-z0-9_-]*$',
        errorMessage: 'must be a method such as GET, or a list of them',
      } as const),
      description: 'Methods. Left out: GET, HEAD and OPTIONS. Case matters.',
    },
    path: {
      ...oneOrList({
        type: 'string',
        pattern: '^[/*](?!.*[?#])[!-~]*$',
        errorMessage:
          'must begin with / or *, be visible ASCII (other bytes as %XX) and hold no query, or be a list of such',
      } as const),
      description:
        'Path without its query, as recorded (not decoded). * stays inside a segment, ** crosses segments.',
    },
    status: {
      ...status,
      type: [...status.type, 'array'],
      items: status,
      minItems: 1,
      description: 'Status that was recorded: 404 or 4xx.',
    },
    client: {
      ...oneOrList({
        type: 'string',
        pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$',
        errorMessage: 'must be an address or a CIDR range such as 192.0.2.7 or 10.0.0.0/8, or a list of them',
      } as const),
      description: 'Address of the client, or CIDR range.',
    },
    not: { $ref: '#/definitions/not', description: 'What the request must not be.' },
  },
  patternProperties: {
    [`^header\\.${TOKEN}$`]: { ...valuePatterns, description: 'Value of a recorded header, exact or glob.' },
    '^query\\.[^\\u0000-\\u001f]+$': {
      ...valuePatterns,
      description: 'Value of a query key as recorded (not decoded), exact or glob.',
    },
  },
} as const;

const target = {
  title: 'a target',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      errorMessage: 'must be an http or https origin such as https://staging.example.com',
      description: 'Origin that requests go to: scheme, host and port, no path.',
    },
    maxRate,
    maxInFlight: {
      ...maxInFlight,
      default: 100,
      description: 'At most so many requests unanswered at once.',
    },
    timeout: { ...duration, default: '10s', description: 'Time for an answer, up to 10m.' },
    allowUnsafeMethods: {
      type: 'boolean',
      default: false,
      description: 'Let rules that name other methods than GET, HEAD and OPTIONS send them here.',
    },
    allowProduction: {
      type: 'boolean',
      default: false,
      description: 'Let rules send here although this host is one whose traffic they replay.',
    },
    budget,
  },
} as const;

const headers = {
  type: 'object',
  additionalProperties: false,
  properties: {
    strip: { ...headerNames, description: 'Headers to leave out, on top of credentials.' },
    keep: { ...headerNames, description: 'Headers to send although they are stripped by default.' },
    set: {
      type: 'object',
      description: 'Headers to set, replacing recorded ones of the same name.',
      propertyNames: { pattern: `^${TOKEN}$`, errorMessage: 'is no header name' },
      additionalProperties: {
        type: ['string', 'object'],
        writeOnly: true,
        pattern: NO_CONTROLS,
        errorMessage: 'must be text without control characters, or { fromEnv: NAME }',
        additionalProperties: false,
        required: ['fromEnv'],
        properties: {
          fromEnv: {
            type: 'string',
            pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
            errorMessage: 'must be the name of an environment variable',
            description: 'Environment variable that the sender reads.',
          },
        },
      },
    },
  },
} as const;

const pacing = {
  type: 'object',
  additionalProperties: false,
  properties: {
    mode: {
      enum: ['recorded', 'even', 'constant'],
      default: 'recorded',
      description:
        'recorded: the rhythm of the log. even: spread inside each 10 s of log time. constant: at `rate`.',
    },
    speed: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MAX_SPEED,
      default: 1,
      errorMessage: `must be a number above 0 and at most ${MAX_SPEED}`,
      description: '2 replays an hour in half an hour.',
    },
    ramp: {
      type: 'string',
      pattern: `^(?!\\d{10})${DURATION_PATTERN.slice(1)}`,
      default: '10s',
      errorMessage: `must be a duration up to ${MAX_RAMP} such as 10s, or 0s for none`,
      description:
        'Time from the recorded request rate to what speed and multiply ask for, where that is more. 0s: none.',
    },
    rate: { ...rate, description: 'Only with mode constant, and needed there.' },
  },
} as const;

const backoff = {
  type: ['string', 'object'],
  pattern: '^off$',
  errorMessage: 'must be off, or a mapping of latency, errors and window',
  description: 'When to hold back. What is left out: latency 3x, errors 10%, window 5s.',
  additionalProperties: false,
  properties: {
    latency: {
      type: 'string',
      pattern: `${positive(DURATION_PATTERN).slice(0, -1)}$|${positive('^\\d+(\\.\\d+)?x$')}`,
      errorMessage: 'must be a duration such as 800ms, or a multiple of the recorded latency such as 2x',
      default: '3x',
      description: 'Limit of p95: a duration, or a multiple of the recorded p95.',
    },
    errors: {
      type: 'string',
      pattern: positive(`^${PERCENT}$`),
      errorMessage: 'must be a percentage above 0% and at most 100%, such as 5%',
      default: '10%',
      description: 'Limit of the share of failures, 5xx and 429.',
    },
    window: {
      ...duration,
      default: '5s',
      description: 'What is judged at a time, 1s to 60s; the same for all rules of a target.',
    },
  },
} as const;

const rule = {
  title: 'a rule',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'target'],
  properties: {
    name: { ...name, errorMessage: nameWords, description: 'Name in reports, ids and metrics.' },
    match: { $ref: '#/definitions/match' },
    percent: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MAX_PERCENT,
      default: 100,
      errorMessage: `must be a number above 0 and at most ${MAX_PERCENT}`,
      description: 'Share of the matched requests that can be replayed; 0.5 is one in two hundred.',
    },
    sampleBy: {
      type: 'string',
      pattern: `^(request|client|(header|cookie):${TOKEN}|query:[^\\u0000-\\u001f]+)$`,
      default: 'request',
      errorMessage: 'must be request, client, header:<name>, cookie:<name> or query:<name>',
      description:
        'What is sampled whole: requests, or everything of one client, header, cookie or query value.',
    },
    multiply: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MAX_MULTIPLY,
      default: 1,
      errorMessage: `must be a number above 0 and at most ${MAX_MULTIPLY}`,
      description: 'Copies of each chosen request; 1.5 is one copy, and a second for half of them.',
    },
    target: { ...name, errorMessage: 'must be the name of a target', description: 'Name of a target.' },
    host: {
      type: 'string',
      pattern: `^(${HOST})(:\\d{1,5})?$`,
      default: 'target',
      errorMessage: 'must be target, recorded, or a host such as api.example.com',
      description: 'Host header: that of the target, the recorded one, or a literal.',
    },
    headers,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        strip: {
          ...oneOrList({
            type: 'string',
            pattern: '^[^\\u0000-\\u001f]+$',
            errorMessage: 'must be the name of a query key, in which * is a wildcard, or a list of them',
          } as const),
          description: 'Query keys to leave out.',
        },
      },
    },
    pacing,
    maxRate: {
      ...maxRate,
      description: 'At most so many requests of this rule. Left out: no limit of its own.',
    },
    maxInFlight: { ...maxInFlight, description: 'At most so many requests of this rule unanswered at once.' },
    timeout: {
      ...duration,
      description: 'Time for an answer, up to that of the target, which holds where this is left out.',
    },
    budget,
    backoff,
    body: {
      type: 'object',
      additionalProperties: false,
      required: ['template'],
      properties: {
        template: {
          type: 'string',
          maxLength: MAX_TEMPLATE,
          errorMessage: `must be text of at most ${MAX_TEMPLATE} characters`,
          description:
            'Body for requests that had one which the log does not hold, with {{id}}, {{method}}, {{path}} and {{query.NAME}}.',
        },
      },
    },
    abort: {
      type: 'object',
      additionalProperties: false,
      required: ['when'],
      properties: {
        when: {
          type: 'string',
          pattern: `^errors >=? ${PERCENT} for ${DURATION_PATTERN.slice(1)}`,
          errorMessage: 'must be such as "errors > 50% for 60s"',
          description: 'Ends the run: errors of this rule above a share for so long, 1s to 1h.',
        },
      },
    },
    gates: {
      ...oneOrList({
        type: 'string',
        errorMessage: 'must be such as "p95 <= 300ms", or a list of such',
      } as const),
      minItems: 0,
      description: 'Limits that decide the verdict.',
    },
    statusMap: {
      type: 'object',
      description:
        'Recorded status → replayed status that is as good, or any, for differences that are known.',
      propertyNames: { pattern: '^[2-5]\\d\\d$', errorMessage: 'is no status from 200 to 599' },
      additionalProperties: {
        type: ['integer', 'string'],
        minimum: 200,
        maximum: 599,
        pattern: '^([2-5]\\d\\d|any)$',
        errorMessage: 'must be a status from 200 to 599, or any',
      },
    },
    sizeTolerance: {
      type: 'string',
      pattern: `^${PERCENT}$`,
      default: '10%',
      errorMessage: 'must be a percentage from 0% to 100%, such as 10%',
      description:
        'By how much the size of an answer may differ from the recorded one and count as the same.',
    },
  },
} as const;

const fieldName = {
  type: 'string',
  pattern: '^[^.\\u0000-\\u001f]+(\\.[^.\\u0000-\\u001f]+)*$',
  errorMessage: 'must be a JSON key of the log, in which a dot reaches inside',
} as const;

const logs = {
  type: 'object',
  additionalProperties: false,
  description: 'Needed only where detection does not do.',
  properties: {
    format: { enum: KNOWN_LOG_FORMATS, default: 'auto', description: 'auto finds the format line by line.' },
    fields: {
      type: 'object',
      additionalProperties: false,
      description: 'Meaning → own JSON key; a dotted path reaches inside.',
      properties: Object.fromEntries(LOG_FIELDS.map((field) => [field, fieldName])),
      patternProperties: { [`^headers\\.${TOKEN}$`]: fieldName },
    },
  },
} as const;

/** JSON Schema (draft 7) of a rule file. */
export const rulesSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Reprise rule file',
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { const: 1, errorMessage: 'must be 1', description: 'Version of the rule file format.' },
    mark: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{3,63}$',
      default: 'reprise',
      errorMessage: 'must be 4 to 64 letters, digits, ".", "_" or "-", beginning with a letter or a digit',
      description: 'Text in the user agent by which our own traffic is known and never replayed.',
    },
    logs,
    targets: {
      type: 'object',
      description: 'The allow-list: rules can send nowhere else.',
      propertyNames: { pattern: NAME_PATTERN, errorMessage: nameWords },
      additionalProperties: target,
    },
    rules: { type: 'array', description: 'Each rule is an independent replay.', items: rule },
  },
  definitions: { match, not: { ...match, minProperties: 1, description: 'What the request must not be.' } },
} as const;
