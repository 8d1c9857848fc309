import { RepriseError } from '../core/errors.ts';
import { type ByteSource, createByteSource } from './byte-source.ts';
import { compressionOf, type Damage, decompress, MAGIC_BYTES } from './decompress.ts';
import { describeSystemError } from './system-error.ts';

/** A stream of bytes, or a function that opens it: with that, damaged input is read twice so that no good byte before the fault is lost. */
export type TextSource = AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);

export interface TextOptions {
  /** As shown to people. */
  readonly name: string;
  /** Told how many bytes of the source, as it is stored, were read so far. */
  readonly onBytes?: (storedBytes: number) => void;
  /** Stops a readable stream at once; what was decoded until then still comes, and no error. */
  readonly signal?: AbortSignal;
}

/** Whether input is damaged for good, as opposed to not readable now. */
export const isDamage = (error: unknown): error is RepriseError =>
  error instanceof RepriseError && ['INPUT_CORRUPT', 'INPUT_TRUNCATED'].includes(error.code);

/** How many times over input may be compressed: enough for what pipelines do by mistake, and an end for a file that unpacks to itself. */
export const MAX_COMPRESSION_DEPTH = 4;

interface Pass {
  readonly options: TextOptions;
  /** Where an earlier pass met damage: at which layer, behind how many of its bytes. */
  readonly careful?: { readonly depth: number; readonly fromByte: number };
  storedBytes: number;
  found?: { readonly damage: Damage; readonly compression: string; readonly depth: number };
  tooDeep?: boolean;
}

async function* countBytes(input: AsyncIterable<Uint8Array>, pass: Pass): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    pass.storedBytes += chunk.length;
    if (pass.careful === undefined) pass.options.onBytes?.(pass.storedBytes);
    yield chunk;
  }
}

async function* unwrap(input: ByteSource, depth: number, pass: Pass): AsyncGenerator<Uint8Array> {
  const compression = compressionOf(await input.peek(MAGIC_BYTES));
  if (compression === undefined) {
    for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) yield chunk;
    return;
  }
  if (depth === MAX_COMPRESSION_DEPTH) {
    pass.tooDeep = true;
    throw new Error('compressed too often');
  }
  const layer = decompress(input, {
    onDamage: (damage) => {
      pass.found ??= { damage, compression, depth };
    },
    carefulFromByte: pass.careful?.depth === depth ? pass.careful.fromByte : Number.POSITIVE_INFINITY,
  });
  try {
    yield* unwrap(createByteSource(layer), depth + 1, pass);
  } finally {
    // Not awaited: it may wait for input, until the source is closed.
    layer.return(undefined).catch(ignoreAfterClose);
  }
}

/** Errors of a layer that is no longer read have nobody to go to; those before were thrown. */
const ignoreAfterClose = (): undefined => undefined;

const destroyOf = (input: object): (() => void) | undefined =>
  'destroy' in input && typeof input.destroy === 'function' ? input.destroy.bind(input) : undefined;

async function* readPass(input: AsyncIterable<Uint8Array>, pass: Pass): AsyncGenerator<Uint8Array> {
  const counted = countBytes(input, pass);
  const destroy = destroyOf(input);
  const close = (): void => {
    destroy?.();
    counted.return(undefined).catch(ignoreAfterClose);
  };
  const { signal } = pass.options;
  if (signal?.aborted === true) close();
  signal?.addEventListener('abort', close, { once: true });
  try {
    yield* unwrap(createByteSource(counted), 0, pass);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}

const explain = (pass: Pass, textBytes: number, cause: unknown): RepriseError => {
  const { name } = pass.options;
  const { storedBytes } = pass;
  if (pass.tooDeep === true) {
    const message = `${name} is compressed more than ${MAX_COMPRESSION_DEPTH} times over`;
    return new RepriseError('INPUT_CORRUPT', message, { hint: 'unpack it first', cause });
  }
  if (pass.found === undefined) {
    const where = storedBytes === 0 ? '' : ` beyond its first ${storedBytes} bytes`;
    const message = `cannot read ${name}${where}: ${describeSystemError(cause)}`;
    return new RepriseError('INPUT_UNREADABLE', message, { cause });
  }
  const { damage, compression } = pass.found;
  const kept = `the ${textBytes} bytes of text before that are used`;
  if (damage.kind === 'truncated') {
    const message = `${name} ends in the middle of its ${compression} data, after ${storedBytes} bytes`;
    const hint = `it was cut short or is still being written; ${kept}`;
    return new RepriseError('INPUT_TRUNCATED', message, { hint, cause });
  }
  const message = `${name} holds damaged ${compression} data within its first ${storedBytes} bytes: ${damage.detail}`;
  return new RepriseError('INPUT_CORRUPT', message, { hint: `fetch the file again; ${kept}`, cause });
};

/**
 * The text of a log: gzip and zstd are recognised by content and undone, also one inside the other, up to four deep; members and
 * frames may follow each other, with zero padding. Other bytes come as they are. Memory stays bounded whatever the input unpacks to.
 *
 * @throws RepriseError, after all text before the fault: INPUT_TRUNCATED where compressed data is cut short, INPUT_CORRUPT where it
 * is damaged or nested too deep, INPUT_UNREADABLE where the source fails
 */
export async function* openText(source: TextSource, options: TextOptions): AsyncGenerator<Uint8Array> {
  let textBytes = 0;
  let pass: Pass = { options, storedBytes: 0 };
  try {
    for await (const chunk of readPass(typeof source === 'function' ? source() : source, pass)) {
      textBytes += chunk.length;
      yield chunk;
    }
    return;
  } catch (error) {
    const { found } = pass;
    if (found?.damage.kind !== 'corrupt' || typeof source !== 'function')
      throw explain(pass, textBytes, error);
    pass = { options, careful: { depth: found.depth, fromByte: found.damage.goodBytes }, storedBytes: 0 };
  }
  if (typeof source !== 'function') return;
  let knownBytes = textBytes;
  try {
    for await (const chunk of readPass(source(), pass)) {
      const known = Math.min(knownBytes, chunk.length);
      knownBytes -= known;
      textBytes += chunk.length - known;
      if (known < chunk.length) yield chunk.subarray(known);
    }
  } catch (error) {
    throw explain(pass, textBytes, error);
  }
}
