/** What a client of the SDK is made with in tests: a local endpoint, and credentials that open nothing. */

export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  /** S3 alone knows it: the bucket stands in the path, as a host of its own would need a name server. */
  readonly forcePathStyle: boolean;
}

/** Configuration of any client for a local `endpoint`. Default: it tries once, so that a test sees each fault that it made. */
export const clientConfig = (endpoint: string, maxAttempts = 1): ClientConfig => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts,
  forcePathStyle: true,
});

/** The same as environment variables, for code that makes its clients itself: `AWS_ENDPOINT_URL_S3` and its like. */
export const clientEnvironment = (endpoints: Readonly<Record<string, string>>): Record<string, string> => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ...Object.fromEntries(
    Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, url]),
  ),
});
