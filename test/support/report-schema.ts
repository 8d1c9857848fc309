import { Ajv } from 'ajv';
import { readProjectFile } from './project-files.ts';

const validate = new Ajv({ strict: false }).compile(JSON.parse(readProjectFile('docs/report.schema.json')));

/** What is wrong with a report by the schema that ships; empty when nothing is. */
export const reportFaults = (report: unknown): readonly string[] => {
  validate(report);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};
