/** What a schema cannot say about a single rule. */

import { findTemplateFaults } from '../plan/template.ts';
import { checkRuleLimits } from './check-limits.ts';
import { reversedGate } from './gate-direction.ts';
import { parseRuleGate } from './gates.ts';
import { listOf, type RawMatch, type RawRule } from './raw-rules.ts';
import type { Entry, Report } from './rule-source.ts';
import { isAddressOrRange } from './target-url.ts';
import type { Path } from './yaml-places.ts';

/** Headers that the sender makes itself: what a rule set here would be wrong on the wire or break the accounting. */
const RESERVED = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-reprise-id',
  'x-reprise-run',
];

const STANDARD_METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'];

type RuleEntry = Entry<RawRule>;
type Check = (entry: RuleEntry, parts: Partial<RawRule>, report: Report) => void;

const below = ({ file, path }: RuleEntry, steps: Path) => ({ file, path: [...path, ...steps] });

/** Steps to each single value of a key that holds one or a list. */
const stepsOf = (value: unknown, steps: Path): readonly Path[] =>
  Array.isArray(value) ? value.map((_, i) => [...steps, i]) : [steps];

const checkSameName = (names: readonly string[], at: (name: string) => void): void => {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) at(name);
    seen.add(name.toLowerCase());
  }
};

const checkPacing: Check = (entry, { pacing }, report) => {
  if (pacing?.mode === 'constant') {
    if (pacing.rate === undefined)
      report(below(entry, ['pacing']), {
        code: 'RULE_MISSING_KEY',
        message: 'pacing with mode constant needs the key "rate"',
        hint: 'such as rate: 200/s',
      });
    if (pacing.speed !== undefined)
      report(below(entry, ['pacing', 'speed']), {
        code: 'RULE_CONFLICT',
        message: 'speed does not go with mode constant, whose rate says how fast',
        part: 'key',
      });
    if (pacing.ramp !== undefined)
      report(below(entry, ['pacing', 'ramp']), {
        code: 'RULE_CONFLICT',
        message: 'ramp does not go with mode constant, which begins at its rate',
        part: 'key',
      });
  } else if (pacing?.rate !== undefined)
    report(below(entry, ['pacing', 'rate']), {
      code: 'RULE_CONFLICT',
      message: `rate goes with mode constant only, got mode ${pacing.mode ?? 'recorded'}`,
      part: 'key',
    });
};

const checkSetHeaders: Check = (entry, { headers }, report) => {
  const names = Object.keys(headers?.set ?? {});
  const steps = (name: string) => below(entry, ['headers', 'set', name]);
  checkSameName(names, (name) =>
    report(steps(name), {
      code: 'RULE_DUPLICATE',
      message: `the header ${JSON.stringify(name)} is set twice; names of headers are compared without case`,
      part: 'key',
    }),
  );
  for (const name of names) {
    const isHost = name.toLowerCase() === 'host';
    if (!isHost && !RESERVED.includes(name.toLowerCase())) continue;
    report(steps(name), {
      code: 'RULE_HEADER_RESERVED',
      message: `the header ${JSON.stringify(name)} cannot be set; the sender makes it`,
      hint: isHost ? "use the rule's key host" : undefined,
      part: 'key',
    });
  }
};

const checkMatch = (entry: RuleEntry, match: RawMatch, steps: Path, report: Report): void => {
  listOf(match.client).forEach((text, i) => {
    if (isAddressOrRange(String(text))) return;
    const at = stepsOf(match.client, [...steps, 'client'])[i] ?? steps;
    report(below(entry, at), {
      code: 'RULE_ADDRESS',
      message: `client must be an address or a CIDR range such as 192.0.2.7 or 10.0.0.0/8, got ${JSON.stringify(text)}`,
    });
  });
  listOf(match.method).forEach((text, i) => {
    const upper = String(text).toUpperCase();
    if (upper === text || !STANDARD_METHODS.includes(upper)) return;
    report(below(entry, stepsOf(match.method, [...steps, 'method'])[i] ?? steps), {
      code: 'METHOD_CASE',
      message: `the method ${JSON.stringify(text)} is not ${upper}: case matters, and logs write ${upper}`,
      hint: `did you mean ${upper}?`,
      severity: 'warning',
    });
  });
  const headers = Object.keys(match).filter((key) => key.startsWith('header.'));
  checkSameName(headers, (key) =>
    report(below(entry, [...steps, key]), {
      code: 'RULE_DUPLICATE',
      message: `${JSON.stringify(key)} is given twice; names of headers are compared without case`,
      part: 'key',
    }),
  );
  if (match.not) checkMatch(entry, match.not, [...steps, 'not'], report);
};

const checkGates: Check = (entry, { gates }, report) => {
  const paths = stepsOf(gates, ['gates']);
  listOf(gates).forEach((text, i) => {
    const gate = parseRuleGate(text, entry.name);
    const place = below(entry, paths[i] ?? ['gates']);
    if (gate.kind === 'fault') {
      const { message, hint, offset } = gate;
      report(place, { code: 'GATE_SYNTAX', message, hint, offset });
      return;
    }
    const reversed = reversedGate(gate);
    if (reversed !== undefined) report(place, { code: 'GATE_REVERSED', ...reversed, severity: 'warning' });
  });
};

const checkTemplate: Check = (entry, { body }, report) => {
  for (const fault of findTemplateFaults(body?.template ?? ''))
    report(below(entry, ['body', 'template']), { code: 'TEMPLATE_SYNTAX', ...fault });
};

/** Reports what is wrong with those keys of a rule whose shape is right. */
export const checkRule = (entry: RuleEntry, report: Report): void => {
  checkMatch(entry, entry.parts.match ?? {}, ['match'], report);
  checkSetHeaders(entry, entry.parts, report);
  checkPacing(entry, entry.parts, report);
  checkGates(entry, entry.parts, report);
  checkTemplate(entry, entry.parts, report);
  checkRuleLimits(entry, report);
};
