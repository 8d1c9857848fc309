/** What is worth knowing of a deployment, and no fault: one plain line each. */

import { senderLoads, sendersNeeded } from '../core/pace/senders-needed.ts';
import { formatCount } from '../core/report/format.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { secretNamesOf } from './checked-rules.ts';
import { isLoopback } from './reach.ts';
import type { Settings } from './settings.ts';

/** Parameter without which a stack does not deploy while a target of it is loopback: see `loopbackTargets`. */
export const LOOPBACK_PARAMETER = 'DeployWithLoopbackTarget';

const sendersNote = ({ sender: { reservedConcurrency: reserved } }: Settings, ruleSet: RuleSet): string => {
  const needed = formatCount(sendersNeeded(senderLoads(ruleSet)));
  const words = reserved === 'none' ? 'none are reserved' : `${formatCount(reserved)} are reserved`;
  return `senders: up to ${needed} at once when every target is slow; ${words}`;
};

const secretsNotes = ({ secrets }: Settings, ruleSet: RuleSet): readonly string[] => {
  const used = secretNamesOf(ruleSet);
  const unused = Object.keys(secrets).filter((name) => !used.includes(name));
  return unused.map((name) => `secrets: no rule uses ${name}, so senders may not read ${secrets[name]}`);
};

/** Names of targets that no sender of this stack can reach, since they are the machine that sends. An emulator's senders can. */
export const loopbackTargets = ({ profile }: Settings, ruleSet: RuleSet): readonly string[] =>
  profile === 'emulator'
    ? []
    : Object.values(ruleSet.targets)
        .filter(isLoopback)
        .map(({ name }) => name);

/** The notes, the most telling last, where people look. */
export const notesOf = (settings: Settings, ruleSet: RuleSet): readonly string[] => [
  sendersNote(settings, ruleSet),
  ...secretsNotes(settings, ruleSet),
  ...loopbackTargets(settings, ruleSet).map(
    (name) =>
      `target ${name} is ${ruleSet.targets[name]?.origin}, loopback: nothing will be sent to it, and cdk deploy asks for the parameter ` +
      `${LOOPBACK_PARAMETER}; give it another url in the rules, or put "target": "${name}=https://…" into the context of cdk.json, or give -c target=${name}=https://…`,
  ),
];
