/** Watches the calls of a client of AWS for somebody who waits for them: tells of slow ones, and ends those that nobody answers. */

import { isUnlikeAws, unlikeAws } from '../io/aws/aws-error.ts';

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
}

/** What all clients have in common. */
interface SdkClient {
  readonly config: {
    readonly requestHandler: {
      handle(
        request: { readonly protocol?: string; readonly hostname?: string; readonly port?: number },
        options?: object,
      ): Promise<unknown>;
    };
  };
  send(command: never, options?: HandlerOptions): Promise<unknown>;
}

export interface WatchCallsOptions {
  /** As people call it: `SSM`. */
  readonly service: string;
  /** A call is ended after this long, ms, its repeats with it; counted from where credentials are found. */
  readonly giveUpAfterMs: number;
  /** The search for credentials is ended after this long, ms: people may have to touch a key for it, or type a code. */
  readonly searchForMs: number;
  /** A call that has taken this long, ms, is told of. */
  readonly noteAfterMs: number;
  readonly onSlow: () => void;
}

const named = (name: string, message: string, cause: unknown): Error =>
  Object.assign(new Error(message, { cause }), { name });

const endpointOf = ({ protocol = 'https:', hostname = '', port }: { [key: string]: unknown }): string =>
  `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;

interface WatchedEndpoint {
  /** Where requests go to: what the SDK throws does not say. Undefined before the first one. */
  readonly endpoint: () => string | undefined;
  /** Resolves when the first request goes out. */
  readonly first: Promise<void>;
}

const watchEndpoint = ({ config: { requestHandler } }: SdkClient): WatchedEndpoint => {
  let endpoint: string | undefined;
  const first = Promise.withResolvers<void>();
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = (request, options) => {
    endpoint = endpointOf({ ...request });
    first.resolve();
    return handle(request, options);
  };
  return { endpoint: () => endpoint, first: first.promise };
};

/** The SDK calls connections that were closed timeouts, too: those have a code that says so. */
const isTimeout = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'TimeoutError' &&
  (!('code' in error) || error.code === 'ETIMEDOUT');

interface DeadlineOptions {
  readonly afterMs: number;
  readonly searchForMs: number;
  /** Resolves when the search for credentials has ended. */
  readonly found: Promise<void>;
  readonly onLate: () => Error;
}

/** Ends a call that takes too long, wherever it hangs: in the request, or in the search for credentials before it. */
const withDeadline = async <T>(
  call: (signal: AbortSignal) => Promise<T>,
  { afterMs, searchForMs, found, onLate }: DeadlineOptions,
): Promise<T> => {
  const deadline = new AbortController();
  const late = Promise.withResolvers<never>();
  const end = (): void => {
    late.reject(onLate());
    deadline.abort();
  };
  let isOver = false;
  let timer = setTimeout(end, searchForMs);
  void found.then(() => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(end, afterMs);
  });
  try {
    return await Promise.race([call(deadline.signal), late.promise]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
};

/** What a call that failed is told as, to somebody who does not know whom it asked. */
const wordsFor = (service: string, endpoint: () => string | undefined) => {
  const noAnswer = (afterMs: number, cause?: unknown): Error => {
    const asked = endpoint();
    const seconds = Math.max(1, Math.round(afterMs / 1_000));
    // Nothing was sent: what takes so long is the search for credentials.
    if (asked === undefined)
      return named('CredentialsProviderError', `the search for them took longer than ${seconds} s`, cause);
    return named('TimeoutError', `no answer from ${asked} within ${seconds} s`, cause);
  };
  const inWords = (error: unknown, startMs: number): unknown => {
    const asked = endpoint();
    if (asked === undefined) return error;
    if (isUnlikeAws(error)) return unlikeAws(service, asked, { cause: error });
    return isTimeout(error) ? noAnswer(performance.now() - startMs, error) : error;
  };
  return { noAnswer, inWords };
};

/**
 * Watches all calls of `client` from now on. What it throws says whom it asked: `no answer from https://… within 10 s`, `the endpoint
 * http://… does not answer like S3`.
 *
 * @returns the same client
 */
export const watchCalls = <C extends SdkClient>(client: C, options: WatchCallsOptions): C => {
  const { service, giveUpAfterMs, searchForMs, noteAfterMs, onSlow } = options;
  const send = client.send.bind(client) as (command: unknown, options: HandlerOptions) => Promise<unknown>;
  const { endpoint, first } = watchEndpoint(client);

  const { noAnswer, inWords } = wordsFor(service, endpoint);

  const watched = async (command: unknown, given: HandlerOptions = {}): Promise<unknown> => {
    const startMs = performance.now();
    const slow = setTimeout(onSlow, noteAfterMs);
    let late: Error | undefined;
    // For as long as it was waited, not until a busy machine came to tell.
    const onLate = (): Error => {
      late = noAnswer(endpoint() === undefined ? searchForMs : giveUpAfterMs);
      return late;
    };
    const call = (signal: AbortSignal): Promise<unknown> => {
      const signals = given.abortSignal === undefined ? [signal] : [given.abortSignal, signal];
      return send(command, { ...given, abortSignal: AbortSignal.any(signals) });
    };
    try {
      return await withDeadline(call, { afterMs: giveUpAfterMs, searchForMs, found: first, onLate });
    } catch (error) {
      throw error === late ? error : inWords(error, startMs);
    } finally {
      clearTimeout(slow);
    }
  };
  client.send = watched as C['send'];
  return client;
};
