import { describe, expect, it } from 'vitest';
import { runShip } from '../../cli/ship/run-ship.ts';
import type { PutOutcome } from '../../io/aws/put-batch.ts';
import type { LogInput } from '../../io/log-files.ts';
import { steadyLog } from '../support/logs.ts';

const log: LogInput = {
  name: 'a.log',
  rereadable: true,
  open: async function* () {
    yield Buffer.from(steadyLog(2, 1));
  },
};

/** Ships two lines to a stream that takes none of them. */
const lose = async (outcome: Omit<PutOutcome, 'lost'>) => {
  const never = new AbortController().signal;
  const { end, errors } = await runShip({
    stream: 'capture',
    stack: undefined,
    inputs: [log],
    logs: { format: 'auto', fields: {} },
    speed: 1,
    asIs: false,
    put: async () => ({ lost: 2, ...outcome }),
    interrupts: { stop: never, abort: never, release: () => undefined },
    onStart: () => () => undefined,
  });
  expect(end).toMatchObject({ lines: 2, notShipped: { lost: 2 }, endedBy: 'end', balanced: true });
  return errors.map(({ code, message, hint, exitCode }) => ({ code, message, hint, exitCode }));
};

describe('lines that a stream did not take', () => {
  const SLOWER =
    'a stream takes 1 to 5 MiB a second by default: ship at a lower --speed, or ask AWS for a higher quota';

  it.each([
    ['ServiceUnavailableException', SLOWER],
    ['ThrottlingException', SLOWER],
    ['LimitExceededException', SLOWER],
    ['InternalFailure', 'the fault is on the side of AWS: try again'],
    ['SomethingElse', undefined],
  ])('%s is told with what can be done about it', async (lastFaultName, hint) => {
    expect(await lose({ lastFault: 'no', lastFaultName })).toEqual([
      { code: 'LINES_LOST', message: 'the stream capture did not take 2 lines: no', hint, exitCode: 3 },
    ]);
  });

  it('are told without a hint where nothing is known', async () => {
    expect(await lose({})).toEqual([
      {
        code: 'LINES_LOST',
        message: 'the stream capture did not take 2 lines',
        hint: undefined,
        exitCode: 3,
      },
    ]);
  });
});
