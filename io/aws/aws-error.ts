/** What AWS says went wrong, in words that tell the reader what to do. Works by the shape of an error, so that no client is needed. */

import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { type AwsFault, faultOf, fieldOf, KEY_ID, textOf } from './aws-fault.ts';

interface Kind {
  readonly code: string;
  readonly what: (fault: AwsFault) => string;
  readonly hint: (fault: AwsFault, needs: string | undefined) => string | undefined;
  readonly exitCode: ExitCode;
}

const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|Forbidden|AllAccessDisabled)$/;
const BAD_CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|InvalidAccessKeyId|InvalidClientTokenId|InvalidToken|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|AuthFailure|RequestExpired|RequestTimeTooSkewed)$/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;
const THROTTLED =
  /^(Throttling|ThrottlingException|ThrottledException|RequestThrottled|RequestThrottledException|TooManyRequestsException|ProvisionedThroughputExceededException|RequestLimitExceeded|LimitExceededException|SlowDown|BandwidthLimitExceeded|PriorRequestNotComplete|TooManyUpdates|EC2ThrottledException|TransactionInProgressException)$/;
const NOT_FOUND =
  /^(NoSuchBucket|NoSuchKey|NoSuchVersion|NotFound|ResourceNotFoundException|ParameterNotFound|QueueDoesNotExist|NonExistentQueue)$/;
const WRONG_REGION = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/;
const UNREACHABLE =
  /^(TimeoutError|NetworkingError|ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/;

/** Name of the error for an answer that no service of AWS would give. */
const UNLIKE = 'UnlikeAws';
/** What the SDK adds to the words of its parser. */
const UNPARSED = /deserialization error: to see the raw response/i;

const withText = (words: string, { text }: AwsFault): string => {
  return text === '' || text.toLowerCase() === words ? words : `${words}: ${text}`;
};

const denied: Kind = {
  code: 'AWS_DENIED',
  what: (fault) => withText('access denied', fault),
  hint: (_, needs) =>
    needs === undefined
      ? 'ask for the permission, or use other credentials'
      : `the credentials in use must be allowed ${needs}`,
  exitCode: EXIT.stopped,
};
const badCredentials: Kind = {
  code: 'AWS_BAD_CREDENTIALS',
  what: (fault) => withText('AWS does not accept the credentials', fault),
  hint: () => 'log in again (aws sso login), or give other credentials; they may have expired',
  exitCode: EXIT.stopped,
};
const noCredentials: Kind = {
  code: 'AWS_NO_CREDENTIALS',
  what: ({ text }) =>
    text.startsWith('the search for them')
      ? `no AWS credentials were found: ${text}`
      : 'no AWS credentials were found',
  hint: () =>
    'log in with aws sso login or aws configure, choose a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  exitCode: EXIT.stopped,
};
const noRegion: Kind = {
  code: 'AWS_NO_REGION',
  what: () => 'no AWS region is set',
  hint: () => 'set AWS_REGION, or a region in the AWS profile in use',
  exitCode: EXIT.stopped,
};
const wrongRegion: Kind = {
  code: 'AWS_WRONG_REGION',
  what: ({ region }) =>
    region === undefined ? 'it lies in another region' : `it lies in the region ${region}`,
  hint: ({ region }) => `set AWS_REGION${region === undefined ? ' to the region it lies in' : `=${region}`}`,
  exitCode: EXIT.stopped,
};
const throttled: Kind = {
  code: 'AWS_THROTTLED',
  what: (fault) => withText('AWS throttles the calls', fault),
  hint: () => 'try again in a moment; if it goes on, ask AWS for a higher quota',
  exitCode: EXIT.stopped,
};
const notFound: Kind = {
  code: 'AWS_NOT_FOUND',
  what: (fault) => withText('it does not exist', fault),
  hint: () => 'check the name, the region and the account',
  exitCode: EXIT.badInput,
};
const unreachable: Kind = {
  code: 'AWS_UNREACHABLE',
  what: (fault) => withText('AWS cannot be reached', fault),
  hint: () => 'check the network, the region and any proxy or endpoint setting',
  exitCode: EXIT.stopped,
};
const unlike: Kind = {
  code: 'AWS_FAILED',
  what: ({ name, text }) => (name === UNLIKE ? text : 'what answers there does not answer like AWS'),
  hint: () => 'check AWS_ENDPOINT_URL and its like, the endpoint_url of the AWS profile, and any proxy',
  exitCode: EXIT.stopped,
};
const failed: Kind = {
  code: 'AWS_FAILED',
  what: (fault) => (fault.text === '' || UNPARSED.test(fault.text) ? nameOrStatus(fault) : fault.text),
  hint: ({ status }) =>
    status !== undefined && status >= 500 ? 'the fault is on the side of AWS: try again' : undefined,
  exitCode: EXIT.stopped,
};

const nameOrStatus = ({ name, status }: AwsFault): string =>
  status === undefined ? name || 'unknown error' : `AWS answered with status ${status}`;

/** Something in between that is down answers in its own way, too: then its status says more. */
const isUnlike = ({ name, status, text }: AwsFault): boolean =>
  name === UNLIKE || (UNPARSED.test(text) && (status ?? 0) < 500);

const kindOf = (fault: AwsFault): Kind => {
  const { name, status, text } = fault;
  if (isUnlike(fault)) return unlike;
  if (NO_CREDENTIALS.test(name)) return noCredentials;
  if (/^region is missing/.test(text)) return noRegion;
  if (BAD_CREDENTIALS.test(name)) return badCredentials;
  if (THROTTLED.test(name) || status === 429) return throttled;
  if (WRONG_REGION.test(name) || status === 301) return wrongRegion;
  // A HEAD has no body to say why.
  if (DENIED.test(name) || (status === 403 && /^(403|Unknown|Forbidden|)$/.test(name))) return denied;
  if (NOT_FOUND.test(name) || status === 404) return notFound;
  if (UNREACHABLE.test(name)) return unreachable;
  return failed;
};

/** What is worth keeping of the original: answers of AWS also hold key ids and the text that was signed. */
const causeOf = (error: unknown): Error | undefined => {
  if (!(error instanceof Error)) return undefined;
  const cause = new Error(error.message.replace(KEY_ID, '(key id)'));
  cause.name = error.name;
  if (error.stack !== undefined) cause.stack = error.stack.replace(KEY_ID, '(key id)');
  return cause;
};

/**
 * The error of an AWS client as one of ours: `cannot <doing>: <why>`, with a hint what to do. One that is ours already is given back.
 *
 * @param doing - what was tried, with the names of what it was tried on: `read s3://logs/a.gz`
 * @param options.needs - the permission for it, with its resource: `s3:GetObject on arn:aws:s3:::logs/*`
 * @returns a RepriseError with the code AWS_DENIED, AWS_BAD_CREDENTIALS, AWS_NO_CREDENTIALS, AWS_NO_REGION, AWS_WRONG_REGION,
 * AWS_THROTTLED, AWS_NOT_FOUND, AWS_UNREACHABLE or AWS_FAILED; it holds no credentials, in its cause neither
 */
export const awsError = (
  doing: string,
  error: unknown,
  options: { readonly needs?: string } = {},
): RepriseError => {
  if (error instanceof RepriseError) return error;
  const fault = faultOf(error);
  const kind = kindOf(fault);
  const hint = kind.hint(fault, options.needs);
  return new RepriseError(kind.code, `cannot ${doing}: ${kind.what(fault)}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: causeOf(error),
    exitCode: kind.exitCode,
  });
};

/** Whether `error` stands for an answer that could not be read as one of AWS, and that has no status of a server's fault. */
export const isUnlikeAws = (error: unknown): boolean => isUnlike(faultOf(error));

/**
 * The error for an answer that no service of AWS would give, for `awsError`.
 *
 * @param service - as people call it: `S3`
 * @param endpoint - who was asked; undefined where that is not known
 */
export const unlikeAws = (
  service: string,
  endpoint: string | undefined,
  options: { readonly cause?: unknown } = {},
): Error => {
  const who = endpoint === undefined ? 'what answers there' : `the endpoint ${endpoint}`;
  return Object.assign(new Error(`${who} does not answer like ${service}`, options), { name: UNLIKE });
};

/** HTTP status of the answer that `error` stands for, if there was one. */
export const awsStatusOf = (error: unknown): number | undefined => faultOf(error).status;

/** Name that AWS, or the connection, gave the error; empty where it has none. */
export const awsNameOf = (error: unknown): string => faultOf(error).name;

/** Whether trying again may mend it: throttled, unreachable, or a fault on the side of AWS. */
export const isTransient = (error: unknown): boolean => {
  const fault = faultOf(error);
  const kind = kindOf(fault);
  if (kind === throttled || kind === unreachable) return true;
  return (
    kind === failed &&
    (fault.status === undefined ? isConnectionFault(error) : fault.status >= 500 || fault.status === 408)
  );
};

// A body that breaks off is told by Node in several ways, all of them with a code; the SDK's own mistakes have none.
const isConnectionFault = (error: unknown): boolean => textOf(fieldOf(error, 'code')) !== undefined;
