/**
 * A verdict as JUnit XML, as CI servers read it: a suite for the run and one for each rule, a case for each gate. Its shape is that of
 * Jenkins (junit-10.xsd of its xUnit plugin), which the others read as well.
 */

import type { GateResult, RouteMeasured } from '../judge/verdict.ts';
import { endedEarly } from './ended-early.ts';
import { formatIn, measuredWords, outcomeWords } from './gate-words.ts';
import type { Report } from './report-json.ts';
import { xmlElement, xmlText } from './xml.ts';

const PRODUCT = 'reprise';

type Outcome = 'passed' | 'failed' | 'error' | 'skipped';

interface Case {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it did not pass, in one line, and with all its numbers. */
  readonly message?: string;
  readonly details?: string;
}

const caseOutcome = ({ outcome, isOptional }: GateResult): Outcome => {
  if (outcome === 'held') return 'passed';
  return outcome === 'missed' && isOptional ? 'skipped' : 'failed';
};

const routeLine = (route: RouteMeasured, gate: GateResult): string =>
  `${route.outcome.padEnd(6)} ${route.route}: ${measuredWords(route, gate)}${route.note === null ? '' : `: ${route.note}`}`;

const gateCase = (gate: GateResult): Case => {
  const { op, unit, limit } = gate;
  const details = [
    `gate: ${gate.gate}`,
    `limit: ${op} ${formatIn(unit, limit)}`,
    `result: ${outcomeWords(gate)}`,
    ...(gate.routes?.worst ?? []).map((route) => routeLine(route, gate)),
  ];
  return {
    name: gate.gate,
    outcome: caseOutcome(gate),
    message: outcomeWords(gate),
    details: details.join('\n'),
  };
};

/** What must hold of any run, so that none is without a case: it came to its end, and nothing is missing from its counts. */
const runCases = (report: Report): readonly Case[] => {
  const { run, balanced, imbalances } = report;
  const ended: Case = endedEarly(report)
    ? { name: 'the run comes to its end', outcome: 'error', message: `the run ended early: ${run.endedBy}` }
    : { name: 'the run comes to its end', outcome: 'passed' };
  const accounted: Case = balanced
    ? { name: 'every line and request is accounted for', outcome: 'passed' }
    : {
        name: 'every line and request is accounted for',
        outcome: 'error',
        message: 'the numbers do not balance: a bug of reprise',
        details: imbalances.join('\n'),
      };
  return [ended, accounted];
};

const ELEMENTS: Readonly<Record<Exclude<Outcome, 'passed'>, string>> = {
  failed: 'failure',
  error: 'error',
  skipped: 'skipped',
};

const caseLines = ({ name, outcome, message, details }: Case, classname: string): readonly string[] => {
  if (outcome === 'passed') return xmlElement('testcase', { name, classname });
  const content = xmlText(details ?? message ?? '');
  return xmlElement('testcase', { name, classname }, [
    ...xmlElement(
      ELEMENTS[outcome],
      outcome === 'skipped' ? { message } : { message, type: outcome },
      content,
    ),
  ]);
};

const countOf = (cases: readonly Case[], outcome: Outcome): number =>
  cases.filter((one) => one.outcome === outcome).length;

const countsOf = (cases: readonly Case[]) => ({
  tests: cases.length,
  failures: countOf(cases, 'failed'),
  errors: countOf(cases, 'error'),
});

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const properties = ({ run }: Report): readonly string[] => {
  const facts = { run: run.id, rulesHash: run.rulesHash, seed: run.seed, endedBy: run.endedBy };
  return xmlElement(
    'properties',
    {},
    Object.entries(facts).flatMap(([name, value]) => xmlElement('property', { name, value })),
  );
};

/** The report as JUnit XML, with a newline at its end. */
export const renderJunit = (report: Report): string => {
  const { run, verdict, rules } = report;
  const names = [
    ...new Set([...rules.map(({ name }) => name), ...verdict.gates.flatMap(({ rule }) => rule ?? [])]),
  ];
  const suites: readonly (readonly [name: string, cases: readonly Case[]])[] = [
    [PRODUCT, [...runCases(report), ...verdict.gates.filter(({ rule }) => rule === null).map(gateCase)]],
    ...names.map(
      (name) =>
        [`${PRODUCT}.${name}`, verdict.gates.filter(({ rule }) => rule === name).map(gateCase)] as const,
    ),
  ];
  const time = seconds(run.durationMs);
  const likely = verdict.likelyCauses.map(({ text }) => text).join('\n');
  const suiteLines = suites.flatMap(([name, cases], i) =>
    xmlElement(
      'testsuite',
      {
        name,
        ...countsOf(cases),
        skipped: countOf(cases, 'skipped'),
        time,
        timestamp: run.startedAt.replace(/(?:\.\d+)?Z$/, ''),
      },
      [
        ...(i === 0 ? properties(report) : []),
        ...cases.flatMap((one) => caseLines(one, name)),
        ...(i === 0 && likely !== '' ? xmlElement('system-out', {}, xmlText(likely)) : []),
      ],
    ),
  );
  const all = suites.flatMap(([, cases]) => cases);
  const root = xmlElement('testsuites', { name: PRODUCT, ...countsOf(all), time }, suiteLines);
  return ['<?xml version="1.0" encoding="UTF-8"?>', ...root, ''].join('\n');
};
