/** `reprise ship`: puts the lines of a log into a stack's capture stream, as a log shipper would, with their times moved to now. */

import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { parseSwitch } from '../../core/send/kill-switch.ts';
import { putPacked } from '../../io/aws/firehose.ts';
import { readResources, type StackResources } from '../../io/aws/resources.ts';
import { readParameter } from '../../io/aws/ssm.ts';
import { type AwsClients, openAwsClients } from '../aws-clients.ts';
import { type CliContext, type Command, wantsColor, writeTo } from '../context.ts';
import { findInputs } from '../find-inputs.ts';
import { type Interrupts, watchInterrupts } from '../interrupts.ts';
import { logOptions } from '../log-options.ts';
import { formatError } from '../print-error.ts';
import { runShip } from '../ship/run-ship.ts';
import { startShipProgress } from '../ship/ship-progress.ts';
import { renderShipEnd, type ShipEnd } from '../ship/ship-text.ts';

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

const findDestination = async (
  { stream, stack }: ShipOptions,
  clients: AwsClients,
): Promise<{ readonly stream: string; readonly resources?: StackResources }> => {
  if (stream !== undefined && stack !== undefined)
    throw new RepriseError('ARGUMENT_INVALID', `--stack and --stream do not go together: ${ONE_OF}`);
  if (stream !== undefined) return { stream };
  if (stack === undefined) throw new RepriseError('ARGUMENT_INVALID', ONE_OF);
  const resources = await readResources(await clients.ssm(), stack);
  if (resources.captureStream !== undefined) return { stream: resources.captureStream, resources };
  const message = `the stack "${stack}" has no capture stream, it reads the bucket ${resources.captureBucket}`;
  throw new RepriseError('STACK_HAS_NO_STREAM', message, {
    hint: `put the log there: aws s3 cp LOG s3://${resources.captureBucket}/`,
  });
};

/** What is said of the switch before the first line: a first deploy leaves it off, and then nothing comes of all that is shipped. */
const switchNote = async (
  { stack, switchParameter }: StackResources,
  clients: AwsClients,
): Promise<string> => {
  try {
    const found = await readParameter(await clients.ssm(), switchParameter);
    const isOff = (parseSwitch(found?.value ?? '')?.share ?? 0) === 0;
    return isOff
      ? `the switch of the stack "${stack}" is off: nothing is sent until reprise switch on --stack ${stack}\n`
      : '';
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return `whether the switch is on is not known: ${error.message}\n`;
  }
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
  const logs = await logOptions(options.rules);
  const { stream, resources } = await findDestination(options, clients);
  const inputs = await findInputs(options.logs, context);
  if (resources !== undefined) await writeTo(stderr, await switchNote(resources, clients));
  const client = await clients.firehose();
  const { end, errors } = await runShip({
    ...options,
    stream,
    stack: options.stack,
    inputs,
    logs,
    interrupts,
    put: (records, onPut) => putPacked(client, stream, records, { onPut, signal: interrupts.abort }),
    onStart: (look) => startShipProgress(stderr, wantsColor(stderr, env), look),
  });
  await writeTo(stdout, options.json ? `${JSON.stringify(end, null, 2)}\n` : renderShipEnd(end));
  for (const error of errors) await writeTo(stderr, formatError(error));
  return exitCodeOf(end, errors);
};

/** Runs `reprise ship`. */
export const shipCommand: Command<ShipOptions> = async (options, context) => {
  const interrupts = watchInterrupts(context.onInterrupt);
  const clients = openAwsClients(context.env);
  try {
    return await ship(options, context, clients, interrupts);
  } finally {
    clients.close();
    interrupts.release();
  }
};
