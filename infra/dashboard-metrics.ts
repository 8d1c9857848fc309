/** Metrics as graphs name them. */

import { type MetricName, NAMESPACE } from '../core/measure/metric-names.ts';
import type { Line } from './widgets.ts';

/** Where metrics are looked for. */
export interface Place {
  readonly region: string;
  readonly stack: string;
}

/** A metric of the stack, or of one of its targets, as graphs name it. */
export const metricOf = ({ stack }: Place, name: MetricName, target?: string): readonly string[] => [
  NAMESPACE,
  name,
  'Stack',
  stack,
  ...(target === undefined ? [] : ['Target', target]),
];

/** A line of a graph. */
export const line = (metric: readonly string[], label: string, color: string, stat?: string): Line => [
  ...metric,
  { label, color, ...(stat && { stat }) },
];
