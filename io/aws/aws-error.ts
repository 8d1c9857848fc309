/** What AWS says went wrong, in words that tell the reader what to do. Works by the shape of an error, so that no client is needed. */

import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';

/** Name, HTTP status and words of an error of an AWS client; all of them may be missing. */
interface AwsFault {
  readonly name: string;
  readonly status: number | undefined;
  readonly text: string;
  readonly region: string | undefined;
}

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

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

// Key ids do not give access, but have no place in a log either.
const KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g;

/** AWS's own sentence as part of one of ours: in one line, no full stop, begun in lower case where it begins with a word. */
const asClause = (sentence: string): string =>
  sentence
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')
    .replace(/^[A-Z](?=[a-z' ])/, (letter) => letter.toLowerCase())
    .replace(KEY_ID, '(key id)');

/** Words of a fault of the connection: several addresses tried are told apart in `errors`, with an empty message of their own. */
const messageOf = (error: unknown): string => {
  const first = fieldOf(fieldOf(error, 'errors'), '0');
  const message = textOf(fieldOf(error, 'message')) ?? textOf(fieldOf(first, 'message')) ?? '';
  // What the SDK says where an answer had no words.
  return /^Unknown(?:Error)?$/.test(message) ? '' : message;
};

const faultOf = (error: unknown): AwsFault => {
  const status = fieldOf(fieldOf(error, '$metadata'), 'httpStatusCode');
  const name = textOf(fieldOf(error, 'name')) ?? '';
  const code = textOf(fieldOf(error, 'Code')) ?? textOf(fieldOf(error, 'code'));
  const isUnnamed = name === 'Error' || name === 'AggregateError' || name === 'Unknown';
  const region = textOf(fieldOf(error, 'Region'));
  const headers = fieldOf(fieldOf(error, '$response'), 'headers');
  return {
    // Faults of a connection are plain errors with a code; an answer without a body is "Unknown", or named by its status.
    // Some names have that of the service before them: AWS.SimpleQueueService.NonExistentQueue.
    name: (isUnnamed ? (code ?? name) : name).replace(/^.*\./, ''),
    status: typeof status === 'number' ? status : undefined,
    text: asClause(messageOf(error)),
    region: region ?? textOf(fieldOf(headers, 'x-amz-bucket-region')),
  };
};

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
  what: () => 'no AWS credentials were found',
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
const failed: Kind = {
  code: 'AWS_FAILED',
  what: (fault) => (fault.text === '' ? nameOrStatus(fault) : fault.text),
  hint: ({ status }) =>
    status !== undefined && status >= 500 ? 'the fault is on the side of AWS: try again' : undefined,
  exitCode: EXIT.stopped,
};

const nameOrStatus = ({ name, status }: AwsFault): string =>
  status === undefined ? name || 'unknown error' : `AWS answered with status ${status}`;

const kindOf = ({ name, status, text }: AwsFault): Kind => {
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
