import { describe, expect, it } from 'vitest';
import { faultsOf, oneRule } from '../../support/rules.ts';

const FILE = oneRule();

describe('faults of files', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'an empty file',
      '',
      [
        'r1.yaml:1:1  RULE_FILE_EMPTY  the file holds nothing but blanks and comments\n             hint: a rule file begins with version: 1',
      ],
    ],
    [
      'a file of comments',
      '# nothing\n\n',
      [
        'r1.yaml:1:1  RULE_FILE_EMPTY  the file holds nothing but blanks and comments\n             hint: a rule file begins with version: 1',
      ],
    ],
    ['a list', '- a', ['r1.yaml:1:1  RULE_TYPE  a rule file must be a mapping, got a list']],
    ['a word', 'x', ['r1.yaml:1:1  RULE_TYPE  a rule file must be a mapping, got "x"']],
    [
      'no version',
      FILE.replace('version: 1', ''),
      ['r1.yaml:2:1  RULE_MISSING_KEY  a rule file needs the key "version"'],
    ],
    [
      'another version',
      FILE.replace('version: 1', 'version: 2'),
      ['r1.yaml:1:10  RULE_VALUE  version must be 1, got 2'],
    ],
    [
      'the version as text',
      FILE.replace('version: 1', 'version: "1"'),
      ['r1.yaml:1:10  RULE_VALUE  version must be 1, got "1"'],
    ],
    [
      'a number as a key',
      `${FILE}1: x`,
      [
        'r1.yaml:5:1  RULE_UNKNOWN_KEY  "1" is not a key of a rule file\n             hint: its keys are version, mark, logs, targets, rules',
      ],
    ],
    [
      'a list as a key',
      `${FILE}? [a]\n: x`,
      ['r1.yaml:5:3  YAML_SYNTAX  a key must be text, got a list or a mapping'],
    ],
    [
      'a tab',
      'rules:\n\t- a',
      ['r1.yaml:2:1  YAML_SYNTAX  a tab cannot indent\n             hint: use spaces'],
    ],
    [
      'two documents',
      `${FILE}---\nversion: 1`,
      [
        'r1.yaml:5:1  YAML_SYNTAX  there is more than one document in the file\n             hint: leave out the line ---, or make it two files',
      ],
    ],
    ['an unknown tag', `${FILE}mark: !env X`, ['r1.yaml:5:7  YAML_SYNTAX  unresolved tag: !env']],
    [
      'a key twice',
      `${FILE}version: 1`,
      ['r1.yaml:5:1  YAML_DUPLICATE_KEY  the key "version" is given twice in one mapping'],
    ],
    [
      'an alias of nothing',
      `${FILE}mark: *m`,
      ['r1.yaml:5:7  YAML_ALIAS  the alias *m stands before its anchor, or has none'],
    ],
    [
      'an alias of what it stands in',
      `${FILE}logs: &l { fields: *l }`,
      ['r1.yaml:5:20  YAML_ALIAS  the alias *l stands inside what it repeats'],
    ],
    [
      'a hundred and one aliases',
      `a: &a 1\nb: [${'*a, '.repeat(101)}]`,
      [`r1.yaml:2:${5 + 4 * 100}  YAML_ALIAS  there are more than 100 aliases`],
    ],
    [
      'aliases of aliases',
      'a: &a [1, 2]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c]',
      ['r1.yaml:2:8  YAML_ALIAS  aliases of aliases multiply the file out of bounds'],
    ],
    [
      'a merge key',
      `${FILE}<<: { mark: aaaa }`,
      [
        'r1.yaml:5:1  RULE_UNKNOWN_KEY  "<<" is not a key of a rule file\n             hint: its keys are version, mark, logs, targets, rules',
      ],
    ],
    [
      'nothing behind a key',
      `${FILE}mark:\n`,
      [
        'r1.yaml:5:1  RULE_TYPE  mark must be 4 to 64 letters, digits, ".", "_" or "-", beginning with a letter or a digit, got nothing',
      ],
    ],
    [
      'a mark that browsers send',
      `${FILE}mark: chrome`,
      [
        'r1.yaml:5:7  RULE_VALUE  mark must not be a part of everyday user agents, got "chrome"\n             hint: all traffic of those clients would count as our own, and nothing of it would be replayed',
      ],
    ],
    [
      'no rules',
      'version: 1\ntargets: { t: { url: "http://127.0.0.1" } }',
      ['r1.yaml:1:1  RULES_NONE  there is no rule\n             hint: add one under rules'],
    ],
    [
      'no targets',
      'version: 1\nrules: [{ name: a, target: t }]',
      [
        'r1.yaml:1:1  TARGETS_NONE  there is no target, and rules can send nowhere else\n             hint: add one under targets, such as staging: { url: "https://staging.example.com" }',
      ],
    ],
    [
      'a format for later',
      `${FILE}logs: { format: caddy }`,
      [
        'r1.yaml:5:17  LOG_FORMAT_NOT_YET  the log format caddy cannot be read yet; what can be read is auto, traefik, nginx',
      ],
    ],
    [
      'a format that is none',
      `${FILE}logs: { format: ngnix }`,
      [
        'r1.yaml:5:17  RULE_VALUE  format must be one of auto, traefik, nginx, combined, alb, cloudfront, caddy, envoy, haproxy, apache, har, got "ngnix"\n              hint: did you mean "nginx"?',
      ],
    ],
  ])('tell of %s', (_, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });
});
