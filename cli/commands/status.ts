/** `reprise status`: how a stack stands, in one screen. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode, RepriseError } from '../../core/errors.ts';
import { visibleText } from '../../core/report/format.ts';
import { type AwsClients, openAwsClients } from '../aws-clients.ts';
import { type CliContext, type Command, wantsColor, writeTo } from '../context.ts';
import { watchInterrupts } from '../interrupts.ts';
import { openScreen } from '../live/screen.ts';
import { formatError } from '../print-error.ts';
import { openStatus, type StackStatus, statusErrors } from '../status/read-status.ts';
import { statusJson } from '../status/status-json.ts';
import { renderStatus, statusLine } from '../status/status-text.ts';
import { turnSwitch } from '../status/turn-switch.ts';

export interface StatusOptions {
  readonly stack: string;
  /** Goes on, every two seconds. */
  readonly watch: boolean;
  readonly json: boolean;
  /** Port of a live page, 0 for any; without it there is none. */
  readonly uiPort?: number | undefined;
}

const EVERY_MS = 2_000;
/** Of what is no terminal, and the least that a terminal is taken for. */
const [WIDTH, HEIGHT] = [80, 24];

type ReadStatus = () => Promise<StackStatus>;

const render = (status: StackStatus, { stdout, env }: CliContext): readonly string[] => {
  const [width, height] = stdout.isTTY ? [stdout.columns, stdout.rows] : [WIDTH, HEIGHT];
  return renderStatus(status, { width, height: height ?? HEIGHT, color: wantsColor(stdout, env) });
};

const showOnce = async (read: ReadStatus, json: boolean, context: CliContext): Promise<ExitCode> => {
  const status = await read();
  const text = json ? JSON.stringify(statusJson(status), null, 2) : render(status, context).join('\n');
  const { dashboardUrl } = status.resources;
  // Whole, however wide: one that is cut leads nowhere.
  const more = json || dashboardUrl === undefined ? '' : `\n  dashboard ${visibleText(dashboardUrl)}\n`;
  await writeTo(context.stdout, `${text}\n${more}`);
  const [error] = statusErrors(status);
  if (error === undefined) return EXIT.ok;
  await writeTo(context.stderr, formatError(error));
  return error.exitCode;
};

/** Reads every two seconds and shows it, until `stop`, or until `show` resolves to false. */
const every = async (
  read: ReadStatus,
  stop: AbortSignal,
  show: (status: StackStatus) => Promise<boolean>,
): Promise<void> => {
  while (!stop.aborted) {
    const nextMs = performance.now() + EVERY_MS;
    const status = await read();
    if (stop.aborted || !(await show(status))) return;
    // Rejects for the stop signal alone.
    await sleep(Math.max(0, nextMs - performance.now()), undefined, { signal: stop }).catch(() => undefined);
  }
};

const watchOnScreen = async (read: ReadStatus, stop: AbortController, context: CliContext): Promise<void> => {
  let last: StackStatus | undefined;
  // What is below the last line would scroll the first one away.
  const draw = (status: StackStatus): Promise<boolean> =>
    screen.draw(render(status, context).slice(0, context.stdout.rows ?? HEIGHT));
  const screen = await openScreen(context, {
    onQuit: () => stop.abort(),
    onResize: () => {
      if (last !== undefined) draw(last);
    },
  });
  try {
    await every(read, stop.signal, (status) => {
      last = status;
      return draw(status);
    });
  } finally {
    await screen.end();
  }
};

const watchStatus = async (read: ReadStatus, json: boolean, context: CliContext): Promise<ExitCode> => {
  const interrupts = watchInterrupts(context.onInterrupt);
  const stop = new AbortController();
  interrupts.stop.addEventListener('abort', () => stop.abort());
  try {
    if (context.stdout.isTTY && !json) await watchOnScreen(read, stop, context);
    else
      await every(read, stop.signal, (status) =>
        writeTo(context.stdout, `${json ? JSON.stringify(statusJson(status)) : statusLine(status)}\n`),
      );
  } finally {
    interrupts.release();
  }
  return EXIT.ok;
};

/** Shows a page, and keeps what it sees, until Ctrl-C. */
const showPage = async (
  read: ReadStatus,
  clients: AwsClients,
  { stack, port }: { readonly stack: string; readonly port: number },
  context: CliContext,
): Promise<ExitCode> => {
  const { openStackPage } = await import('../live/web/stack-page.ts');
  const interrupts = watchInterrupts(context.onInterrupt);
  const ssm = await clients.ssm();
  const turn = async (share: number): Promise<void> => {
    await turnSwitch(ssm, stack, { share, by: 'reprise status --ui' });
  };
  try {
    const page = await openStackPage({ port, stack, turn, read });
    await writeTo(context.stderr, `live page: ${page.url}\nCtrl-C ends it; the stack goes on\n`);
    try {
      await every(read, interrupts.stop, async (status) => {
        page.show(status);
        return true;
      });
    } finally {
      await page.end();
    }
  } finally {
    interrupts.release();
  }
  return EXIT.ok;
};

const refuseWithPage = ({ watch, json }: StatusOptions): void => {
  const given = watch ? '--watch' : json ? '--json' : undefined;
  if (given === undefined) return;
  throw new RepriseError(
    'ARGUMENT_INVALID',
    `${given} does not go with --ui, which shows a page until Ctrl-C`,
  );
};

/** Runs `reprise status`. */
export const statusCommand: Command<StatusOptions> = async (options, context) => {
  const { stack, watch, json, uiPort } = options;
  if (uiPort !== undefined) refuseWithPage(options);
  const clients = openAwsClients(context);
  try {
    const read = await openStatus(stack, clients);
    // What cannot be read stands in what is shown, and is read again in two seconds.
    if (watch || uiPort !== undefined) clients.mute();
    if (uiPort !== undefined) return await showPage(read, clients, { stack, port: uiPort }, context);
    return await (watch ? watchStatus : showOnce)(read, json, context);
  } finally {
    clients.close();
  }
};
