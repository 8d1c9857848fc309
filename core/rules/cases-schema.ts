/** The shape of a cases file: log lines, and what becomes of each. */

import { NOT_REPLAYABLE_REASONS } from '../types.ts';
import { NAME_PATTERN } from './schema.ts';

/** Outcomes that a case names with one word. */
export const OUTCOME_WORDS = ['unmatched', 'sampledOut', ...NOT_REPLAYABLE_REASONS] as const;

const OUTCOMES =
  `must be one of ${OUTCOME_WORDS.join(', ')}, or a mapping of method, url and headers` as const;

/** JSON Schema (draft 7) of a cases file. */
export const casesSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Cases of a Reprise rule file',
  type: 'array',
  errorMessage: 'must be a list of cases, each with line and expect',
  items: {
    title: 'a case',
    type: 'object',
    additionalProperties: false,
    required: ['line', 'expect'],
    properties: {
      line: {
        type: 'string',
        pattern: '\\S',
        errorMessage: 'must be a raw log line, in single quotes',
        description: 'One line of a log, as it was written.',
      },
      expect: {
        type: 'object',
        description: 'Rule → what it makes of the line.',
        minProperties: 1,
        propertyNames: { pattern: NAME_PATTERN, errorMessage: 'is no name of a rule' },
        additionalProperties: {
          type: ['string', 'object'],
          pattern: `^(${OUTCOME_WORDS.join('|')})$`,
          errorMessage: OUTCOMES,
          additionalProperties: false,
          properties: {
            method: { type: 'string' },
            url: { type: 'string', description: 'Origin of the target, path and query.' },
            headers: {
              type: 'object',
              description: 'Header → its value; null where it must be absent.',
              additionalProperties: {
                type: ['string', 'null'],
                errorMessage: 'must be the text of the header, or null where it must be absent',
              },
            },
          },
        },
      },
    },
  },
} as const;
