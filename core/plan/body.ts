/** The body that a request goes out with: the recorded one where it is complete, else the rule's template, where it has one. */

import { bytesOfText } from '../parse/byte-text.ts';
import { isRedacted } from '../parse/line-fields.ts';
import type { Rule } from '../rules/rule-set.ts';
import type { RecordedRequest } from '../types.ts';
import { createTemplate } from './template.ts';

/** Methods that are expected to carry a body (RFC 9110, section 9.3). */
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

const PLAIN = /^[\0-\x7f]*$/;

/** Bytes that the text stands for. */
export const textBytes = (text: string): number =>
  PLAIN.test(text) ? text.length : bytesOfText(text).length;

/** What was logged in place of a body says nothing of it. */
const recordedBody = ({ body }: RecordedRequest): string | undefined =>
  body === undefined || isRedacted(body) ? undefined : body;

/** Whether the request had a body which the log does not hold as a whole. */
export const lacksBody = (request: RecordedRequest): boolean => {
  const { method, bodyBytes = -1 } = request;
  const body = recordedBody(request);
  // Proxies write −1 for a body whose length nobody told them.
  if (body === undefined) return bodyBytes < 0 ? BODY_METHODS.has(method) : bodyBytes > 0;
  // A body that the proxy cut or could not write is worse than none.
  return bodyBytes >= 0 && textBytes(body) !== bodyBytes;
};

/** Bodies of the requests of a rule. */
export interface Bodies {
  /** Whether the body is the template's. */
  isTemplated(request: RecordedRequest): boolean;
  /** The body to send. */
  bodyOf(request: RecordedRequest): string | undefined;
}

/** Makes what finds the bodies of a rule. */
export const createBodies = (rule: Rule): Bodies => {
  if (rule.body === undefined) return { isTemplated: () => false, bodyOf: recordedBody };
  const fill = createTemplate(rule.body.template);
  return {
    isTemplated: lacksBody,
    bodyOf: (request) => (lacksBody(request) ? fill(request) : recordedBody(request)),
  };
};
