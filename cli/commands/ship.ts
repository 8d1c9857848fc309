/** `reprise ship`: puts the lines of a log into a stack's capture stream, as a log shipper would, with their times moved to now. */

import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { putPacked } from '../../io/aws/firehose.ts';
import { readResources, type StackResources } from '../../io/aws/resources.ts';
import { readParameter } from '../../io/aws/ssm.ts';
import { type AwsClients, openAwsClients } from '../aws-clients.ts';
import { type CliContext, type Command, wantsColor, writeTo } from '../context.ts';
import { findInputs } from '../find-inputs.ts';
import { type Interrupts, watchInterrupts } from '../interrupts.ts';
import { logOptions } from '../log-options.ts';
import { formatError } from '../print-error.ts';
import { findLogSpan } from '../ship/log-span.ts';
import { runShip } from '../ship/run-ship.ts';
import { startShipProgress } from '../ship/ship-progress.ts';
import { renderShipEnd, type ShipEnd } from '../ship/ship-text.ts';
import { type SwitchFound, spanNote, stackNote } from '../ship/start-notes.ts';

export interface ShipOptions {
  readonly logs: readonly string[];
  readonly stream?: string | undefined;
  readonly stack?: string | undefined;
  /** Rule files, for their `logs:` block. */
  readonly rules?: string | undefined;
  /** N times as fast as the lines were written. */
  readonly speed: number;
  /** Lines go out as they stand, with the times they have. */
  readonly asIs: boolean;
  readonly json: boolean;
}

const ONE_OF = 'name where to ship to, with either --stack or --stream';
const ALLOWED = {
  hint: '--stack NAME is a stack that npx cdk deploy has made, --stream NAME any Firehose stream of the account',
};
/** The stream is given up when nobody answers for so long. */
const GIVE_UP_MS = 10_000;
/** No longer is a log looked through beforehand. */
const LOOK_MS = 1_000;

interface Destination {
  readonly stream: string;
  readonly resources?: StackResources;
}

const checkDestination = ({ stream, stack }: ShipOptions): void => {
  if (stream !== undefined && stack !== undefined)
    throw new RepriseError('ARGUMENT_INVALID', `--stack and --stream do not go together: ${ONE_OF}`, ALLOWED);
  if (stream === undefined && stack === undefined)
    throw new RepriseError('ARGUMENT_INVALID', ONE_OF, ALLOWED);
};

const findDestination = async (
  { stream, stack = '' }: ShipOptions,
  clients: AwsClients,
): Promise<Destination> => {
  if (stream !== undefined) return { stream };
  const resources = await readResources(await clients.ssm(), stack);
  if (resources.captureStream !== undefined) return { stream: resources.captureStream, resources };
  const message = `the stack "${stack}" has no capture stream, it reads the bucket ${resources.captureBucket}`;
  throw new RepriseError('STACK_HAS_NO_STREAM', message, {
    hint: `put the log there: aws s3 cp LOG s3://${resources.captureBucket}/`,
  });
};

/** A first deploy leaves the switch off, and then nothing comes of all that is shipped. */
const findSwitch = async ({ switchParameter }: StackResources, clients: AwsClients): Promise<SwitchFound> => {
  try {
    return (await readParameter(await clients.ssm(), switchParameter))?.value;
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return error;
  }
};

/** What to expect, said before the first line. */
const startNotes = async (
  { resources }: Destination,
  options: ShipOptions,
  clients: AwsClients,
  spanMs: number | undefined,
): Promise<string> => {
  const takes = spanNote(spanMs, options.speed);
  if (resources === undefined) return takes;
  const switchFound = await findSwitch(resources, clients);
  return `${takes}${stackNote(resources, { ...options, switchFound, nowMs: Date.now() })}`;
};

const exitCodeOf = ({ balanced, endedBy }: ShipEnd, errors: readonly RepriseError[]): ExitCode => {
  if (!balanced) return EXIT.bug;
  if (endedBy === 'stopped') return EXIT.stopped;
  return errors[0]?.exitCode ?? EXIT.ok;
};

const ship = async (
  options: ShipOptions,
  context: CliContext,
  clients: AwsClients,
  interrupts: Interrupts,
): Promise<ExitCode> => {
  const { stdout, stderr, env } = context;
  checkDestination(options);
  const logs = await logOptions(options.rules);
  const inputs = await findInputs(options.logs, context);
  const destination = await findDestination(options, clients);
  const { stream } = destination;
  const stop = AbortSignal.any([interrupts.stop, AbortSignal.timeout(LOOK_MS)]);
  const spanMs = await findLogSpan(inputs, { logs, stop });
  await writeTo(stderr, await startNotes(destination, options, clients, spanMs));
  if (stderr.isTTY) clients.mute();
  const client = await clients.firehose();
  const { end, errors } = await runShip({
    ...options,
    stream,
    stack: options.stack,
    inputs,
    logs,
    interrupts,
    put: (records, onPut) =>
      putPacked(client, stream, records, {
        onPut,
        signal: interrupts.abort,
        giveUpUnreachedMs: GIVE_UP_MS,
      }),
    onStart: (look) => startShipProgress(stderr, wantsColor(stderr, env), look),
  });
  await writeTo(stdout, options.json ? `${JSON.stringify(end, null, 2)}\n` : renderShipEnd(end));
  for (const error of errors) await writeTo(stderr, formatError(error));
  return exitCodeOf(end, errors);
};

/** Runs `reprise ship`. */
export const shipCommand: Command<ShipOptions> = async (options, context) => {
  const interrupts = watchInterrupts(context.onInterrupt);
  const clients = openAwsClients(context);
  try {
    return await ship(options, context, clients, interrupts);
  } finally {
    clients.close();
    interrupts.release();
  }
};
