/** All that the planner asks of the world, as functions: the handler makes them of SDK clients, tests of what they like. */

import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { LastObject } from '../../io/aws/last-object.ts';
import type { ObjectStates } from '../../io/aws/object-state.ts';
import type { LogInput } from '../../io/log-files.ts';
import type { GiveBackBudget, TakeBudget } from './budgets.ts';
import type { ObjectRef, Timing } from './job.ts';
import type { TakeRate } from './limit-slice.ts';
import type { PlannerClock } from './planner-clock.ts';
import type { StartTarget } from './ramp.ts';
import type { MirrorSwitch } from './switch-watch.ts';

/** An object that is there to be read. */
export interface OpenedObject extends LogInput {
  readonly etag: string;
  readonly versionId?: string;
  readonly bytes: number;
}

export interface PlannerDeps {
  readonly stack: string;
  readonly ruleSet: RuleSet;
  /** Timing of what the queue brings. */
  readonly timing: Timing;
  /** Live: recorded start to due instant. */
  readonly delayMs: number;
  readonly clock: PlannerClock;
  /** In [0, 1): for jitter alone. */
  readonly random: () => number;
  /** Names this invocation, as nothing else is named. */
  readonly newOwner: () => string;
  /** @throws RepriseError OBJECT_GONE */
  readonly openObject: (object: ObjectRef) => Promise<OpenedObject>;
  readonly states: Pick<ObjectStates, 'claim' | 'renew' | 'mark' | 'release' | 'finish' | 'read'>;
  readonly readSwitch: () => Promise<string | undefined>;
  readonly mirrorSwitch: MirrorSwitch;
  readonly startTarget: StartTarget;
  readonly takeRate: TakeRate;
  readonly takeBudget: TakeBudget;
  readonly giveBackBudget: GiveBackBudget;
  readonly invokeSender: (payload: string) => Promise<'accepted' | 'throttled'>;
  readonly invokeSelf: (payload: string) => Promise<'accepted' | 'throttled'>;
  /** Puts a text into the results bucket. */
  readonly putResult: (key: string, text: string, contentType: string) => Promise<unknown>;
  readonly writeLast: (last: LastObject) => Promise<unknown>;
  /** Has a message of the queue come back. */
  readonly makeVisibleIn: (receiptHandle: string, seconds: number) => Promise<unknown>;
  /** Writes one line to the log, where Lambda finds metrics too. */
  readonly write: (line: string) => void;
}

/** When an invocation must be through, epoch ms. */
export interface Limits {
  /** From here on the rest of an object goes to the next invocation. */
  readonly handOverAtMs: number;
  /** The function is cut off here. */
  readonly endsAtMs: number;
}
