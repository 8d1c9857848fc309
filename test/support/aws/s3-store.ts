/** What an S3 endpoint holds: buckets, keys, versions. */

import { createHash } from 'node:crypto';

export interface StoredObject {
  readonly bytes: Buffer;
  /** In its quotes. */
  readonly etag: string;
  /** `null` where the bucket keeps no versions. */
  readonly versionId: string;
  readonly lastModifiedMs: number;
  readonly contentType: string;
  readonly contentEncoding?: string;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly lastModifiedMs?: number;
}

export interface S3State {
  /** Makes a bucket; with `isVersioned` it keeps what is overwritten or deleted. */
  createBucket(bucket: string, isVersioned?: boolean): void;
  hasBucket(bucket: string): boolean;
  /** Puts an object as somebody else would. */
  put(bucket: string, key: string, body: string | Uint8Array, options?: PutOptions): StoredObject;
  /** The object, or one version of it. */
  get(bucket: string, key: string, versionId?: string): StoredObject | undefined;
  /** Its text; undefined where it is not there. */
  text(bucket: string, key: string): string | undefined;
  delete(bucket: string, key: string): void;
  /** Keys in the order that S3 lists them in: by their bytes. */
  keys(bucket: string): readonly string[];
}

interface Bucket {
  readonly isVersioned: boolean;
  readonly objects: Map<string, StoredObject>;
  /** By key and version. */
  readonly versions: Map<string, StoredObject>;
}

const versionKey = (key: string, versionId: string): string => `${key}\0${versionId}`;
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** An empty store with the given buckets. */
export const createStore = (names: readonly string[]): S3State => {
  const buckets = new Map<string, Bucket>();
  let versions = 0;
  const createBucket: S3State['createBucket'] = (name, isVersioned = false) => {
    buckets.set(name, { isVersioned, objects: new Map(), versions: new Map() });
  };
  const bucketOf = (name: string): Bucket => {
    const found = buckets.get(name);
    if (found === undefined) throw new Error(`the test has made no bucket ${name}`);
    return found;
  };
  for (const name of names) createBucket(name);
  const get: S3State['get'] = (name, key, versionId) => {
    const { objects, versions: kept } = bucketOf(name);
    return versionId === undefined ? objects.get(key) : kept.get(versionKey(key, versionId));
  };
  return {
    createBucket,
    hasBucket: (name) => buckets.has(name),
    put: (name, key, body, options = {}) => {
      const bucket = bucketOf(name);
      const bytes = Buffer.from(body);
      versions += 1;
      const stored: StoredObject = {
        bytes,
        etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
        versionId: bucket.isVersioned ? `v${versions}` : 'null',
        lastModifiedMs: options.lastModifiedMs ?? Date.now(),
        contentType: options.contentType ?? 'application/octet-stream',
        ...(options.contentEncoding === undefined ? {} : { contentEncoding: options.contentEncoding }),
      };
      bucket.objects.set(key, stored);
      bucket.versions.set(versionKey(key, stored.versionId), stored);
      return stored;
    },
    get,
    text: (name, key) => get(name, key)?.bytes.toString(),
    delete: (name, key) => {
      const { isVersioned, objects, versions: kept } = bucketOf(name);
      objects.delete(key);
      if (!isVersioned) kept.delete(versionKey(key, 'null'));
    },
    keys: (name) => [...bucketOf(name).objects.keys()].sort(byBytes),
  };
};
