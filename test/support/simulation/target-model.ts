/** A target with so many servers and one queue without an end: beyond what the servers can do, latency grows and grows. */

import type { SendOutcome } from '../../../core/ports.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import type { Fault, ServiceTime, TargetSpec } from './scenario.ts';
import type { World } from './world.ts';

const REFUSED_AFTER_MS = 2;
const ERROR_AFTER_MS = 5;

export interface TargetModel {
  send(request: PlannedRequest, done: (outcome: SendOutcome) => void): void;
  /** Requests that wait for a server. */
  queued(): number;
}

const drawMs = (service: ServiceTime, { recorded }: PlannedRequest, { random }: World): number => {
  const { kind, meanMs, spread = 0.5, slowShare = 0, slowMs = meanMs } = service;
  if (kind === 'fixed') return meanMs;
  if (kind === 'recorded') return recorded.durationMs ?? meanMs;
  if (kind === 'exponential') return meanMs * random.exponential();
  if (kind === 'bimodal') return random.unit() < slowShare ? slowMs : meanMs;
  const variance = Math.log(1 + spread * spread);
  return meanMs * Math.exp(Math.sqrt(variance) * random.normal() - variance / 2);
};

const slowedBy = (faults: readonly Fault[], rule: string, nowMs: number): number =>
  faults.reduce((factor, fault) => {
    if (fault.kind === 'slow') return (fault.rule ?? rule) === rule ? factor * fault.factor : factor;
    if (fault.kind !== 'leak') return factor;
    const part = (nowMs / 1_000 - fault.fromS) / (fault.toS - fault.fromS);
    return factor * (1 + (fault.factor - 1) * part);
  }, 1);

/** A bucket that holds what may come in a second. */
const createRateLimiter = (perSecond: number, clock: () => number): (() => boolean) => {
  let tokens = perSecond;
  let atMs = 0;
  return () => {
    const nowMs = clock();
    tokens = Math.min(perSecond, tokens + ((nowMs - atMs) / 1_000) * perSecond);
    atMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
};

export const createTargetModel = (world: World, spec: TargetSpec): TargetModel => {
  const { clock, after } = world;
  const { servers, service, timeoutMs, rateLimit, faults = [] } = spec;
  const waiting: (readonly [PlannedRequest, () => void])[] = [];
  let head = 0;
  let busy = 0;
  const mayCome = rateLimit === undefined ? () => true : createRateLimiter(rateLimit.perSecond, clock);

  const activeFaults = (): readonly Fault[] =>
    faults.filter(({ fromS, toS }) => clock() >= fromS * 1_000 && clock() < toS * 1_000);

  const serve = (request: PlannedRequest, answer: () => void): void => {
    busy += 1;
    after(drawMs(service, request, world) * slowedBy(activeFaults(), request.rule, clock()), () => {
      busy -= 1;
      answer();
      const next = waiting[head];
      if (next === undefined) return;
      head += 1;
      serve(...next);
    });
  };

  const answerLater = (ms: number, done: (outcome: SendOutcome) => void, status: number, more = {}): void =>
    after(ms, () => done({ kind: 'answered', status, serviceMs: ms, endMs: clock(), bytes: 0, ...more }));

  const failLater = (ms: number, done: (outcome: SendOutcome) => void, code: 'refused' | 'timeout'): void =>
    after(ms, () =>
      done({
        kind: 'failed',
        code,
        detail: code,
        endMs: clock(),
        ...(code === 'timeout' ? { serviceMs: ms } : {}),
      }),
    );

  const queue = (request: PlannedRequest, done: (outcome: SendOutcome) => void): void => {
    const sentMs = clock();
    let isDone = false;
    // A request that its sender has given up is worked on all the same, as most servers do.
    failLater(
      timeoutMs,
      (outcome) => {
        if (!isDone) done(outcome);
        isDone = true;
      },
      'timeout',
    );
    const answer = (): void => {
      if (!isDone) answerLater(0, (o) => done({ ...o, serviceMs: clock() - sentMs } as SendOutcome), 200);
      isDone = true;
    };
    if (busy < servers) serve(request, answer);
    else waiting.push([request, answer]);
  };

  return {
    send: (request, done) => {
      const active = activeFaults();
      const errors = active.find((fault) => fault.kind === 'errors');
      if (active.some(({ kind }) => kind === 'refuse')) failLater(REFUSED_AFTER_MS, done, 'refused');
      else if (active.some(({ kind }) => kind === 'hang')) failLater(timeoutMs, done, 'timeout');
      else if (errors?.kind === 'errors' && world.random.unit() < errors.share)
        answerLater(ERROR_AFTER_MS, done, 503);
      else if (!mayCome()) {
        const retryAfterMs = rateLimit?.retryAfterS === undefined ? undefined : rateLimit.retryAfterS * 1_000;
        answerLater(ERROR_AFTER_MS, done, 429, retryAfterMs === undefined ? {} : { retryAfterMs });
      } else queue(request, done);
    },
    queued: () => waiting.length - head,
  };
};
