/** Reads what a function wrote to standard output, as CloudWatch would take it. */

import { METRICS, NAMESPACE, STACK_DIMENSIONS, TARGET_DIMENSIONS } from '../../core/measure/metric-names.ts';

/** A document of the embedded metric format. */
export interface MetricDocument {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

/** Every line must be one JSON object; those that hold metrics. */
export const metricDocuments = (lines: readonly string[]): readonly MetricDocument[] =>
  lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((fields): fields is Record<string, unknown> & MetricDocument => fields._aws !== undefined);

const faultsOfDocument = (document: MetricDocument): readonly string[] => {
  const faults: string[] = [];
  if (Math.abs(document._aws.Timestamp - Date.now()) > 3_600_000) faults.push('a timestamp far off');
  for (const { Namespace, Dimensions, Metrics } of document._aws.CloudWatchMetrics) {
    if (Namespace !== NAMESPACE) faults.push(`namespace ${Namespace}`);
    const known = [STACK_DIMENSIONS, TARGET_DIMENSIONS].map((names) => names.join());
    if (Dimensions.some((names) => !known.includes(names.join()))) faults.push(`dimensions ${Dimensions}`);
    for (const name of Dimensions.flat()) if (typeof document[name] !== 'string') faults.push(`no ${name}`);
    for (const { Name, Unit } of Metrics) {
      const metric = Object.hasOwn(METRICS, Name) ? METRICS[Name as keyof typeof METRICS] : undefined;
      if (metric?.unit !== Unit) faults.push(`metric ${Name} in ${Unit}`);
      const values = [document[Name]].flat();
      if (values.length === 0 || values.length > 100 || !values.every(Number.isFinite)) {
        faults.push(`values of ${Name}: ${values}`);
      }
    }
  }
  return faults;
};

/** What is wrong with documents, in words: nothing, if CloudWatch would make metrics of all of them. */
export const metricFaults = (documents: readonly MetricDocument[]): readonly string[] =>
  documents.flatMap(faultsOfDocument);

/** Sum of a metric over documents. */
export const sumOfMetric = (documents: readonly MetricDocument[], name: string): number =>
  documents.reduce((sum, document) => sum + Number(document[name] ?? 0), 0);
