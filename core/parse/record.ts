/** The last step of every format: a recorded request out of what a line said, or the reason why there is none. */

import type { HeaderPairs, LogFormat, RecordedAnswer, RecordedRequest, RejectReason } from '../types.ts';
import { addAscii, addNumber, addText, finishIdentity, type Identity, startIdentity } from './identity.ts';
import { VALUE } from './json-fields.ts';
import type { LineFields } from './line-fields.ts';
import type { LineTime } from './line-time.ts';
import { isToken, originForm } from './request-target.ts';

/** What a format read from a line, before it is checked. Texts are as logged; `time` is the start of the request. */
export interface Draft {
  readonly format: LogFormat;
  readonly method: string | undefined;
  /** One character a byte. */
  readonly target: string | undefined;
  readonly time: LineTime | 'no_time' | 'bad_time';
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly protocol: string | undefined;
  readonly headers: HeaderPairs;
  readonly body: string | undefined;
  readonly bodyBytes: number | undefined;
  readonly client: string | undefined;
  readonly recorded: RecordedAnswer;
  readonly markVisible: boolean;
  /** Slots of host, target and client, for whoever wants their bytes; −1 where the text came otherwise. */
  readonly hostSlot: number;
  readonly targetSlot: number;
  readonly clientSlot: number;
}

/** Where a line stands, and who names its request. */
export interface LineContext {
  readonly name: string;
  readonly line: number;
  readonly identity: Identity;
}

/** A status that an answer can have; proxies log 0 or 000 where there was none. */
export const answeredStatus = (status: number | undefined): number | undefined =>
  status !== undefined && status >= 100 && status <= 999 ? status : undefined;

/** Adds a text by its bytes where it still is what the line says. */
const addField = (
  identity: Identity,
  { fields }: LineFields,
  slot: number,
  text: string | undefined,
): void => {
  const start = fields.start[slot] ?? 0;
  const end = fields.end[slot] ?? 0;
  // A slot that this line did not fill still has the places of an earlier one.
  const isHere = slot >= 0 && fields.filled[slot] === fields.scan;
  if (isHere && fields.kind[slot] === VALUE.ascii && end - start === text?.length)
    addAscii(identity, fields.bytes, start, end);
  else addText(identity, text ?? '');
};

const identify = (
  draft: Draft,
  line: LineFields,
  identity: Identity,
  own: { atMs: number; host: string | undefined; target: string },
): string => {
  const { recorded } = draft;
  startIdentity(identity);
  addNumber(identity, Math.round(own.atMs * 1_000));
  addNumber(identity, recorded.durationMs === undefined ? -1 : Math.round(recorded.durationMs * 1_000));
  addNumber(identity, recorded.status ?? -1);
  addNumber(identity, recorded.bytes ?? -1);
  addField(identity, line, draft.clientSlot, draft.client);
  addText(identity, draft.method ?? '');
  addField(identity, line, own.host === draft.host ? draft.hostSlot : -1, own.host);
  addField(identity, line, draft.targetSlot, own.target);
  return finishIdentity(identity, own.atMs + (recorded.durationMs ?? 0));
};

/** A recorded request, or the reason why the line gives none. */
export const finishRecord = (
  draft: Draft,
  line: LineFields,
  context: LineContext,
): RecordedRequest | RejectReason => {
  const { method, time, recorded } = draft;
  if (method === undefined || !isToken(method)) return 'no_method';
  if (method === 'CONNECT') return 'connect';
  if (draft.protocol === 'HTTP/0.9') return 'http09';
  if (draft.target === undefined) return 'no_target';
  const origin = originForm(draft.target);
  if (origin === undefined) return 'bad_target';
  if (typeof time === 'string') return time;
  // A duration longer than the log is old.
  if (!(time.atMs > 0)) return 'bad_time';
  const host = origin.host ?? draft.host;
  const id = identify(draft, line, context.identity, { atMs: time.atMs, host, target: origin.target });
  return {
    id,
    atMs: time.atMs,
    method,
    scheme: draft.scheme ?? origin.scheme,
    host,
    target: origin.target,
    protocol: draft.protocol,
    headers: draft.headers,
    body: draft.body,
    client: draft.client,
    bodyBytes: draft.bodyBytes,
    recorded,
    source: { name: context.name, line: context.line, format: draft.format },
    tickMs: time.tickMs,
    markVisible: draft.markVisible,
  };
};
