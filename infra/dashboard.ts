/** The dashboard: six questions in the order in which people ask them. */

import { Fn, Stack } from 'aws-cdk-lib';
import { type AlarmBase, CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { consoleUrl } from './console.ts';
import { type CostOptions, costRow } from './dashboard-cost.ts';
import type { Place } from './dashboard-metrics.ts';
import { didItPass, isItOn, wasAnythingLost } from './dashboard-stack.ts';
import { doesItSuffer, isItTrue, wasAnythingLostFor } from './dashboard-targets.ts';
import type { Queues } from './queues.ts';
import { heading, placeRows, type Row } from './widgets.ts';

export interface DashboardOptions extends Queues, CostOptions {
  readonly alarms: readonly AlarmBase[];
  /** Of the newest report; undefined where there is none. */
  readonly reportUrl: string | undefined;
}

const question = (text: string): Row => [[heading(text)]];

const rowsOf = (place: Place, options: DashboardOptions): readonly Row[] => {
  const { targets } = options;
  return [
    question('Is it on?'),
    isItOn(place, targets, options.alarms),
    question('Is it true to production?'),
    ...targets.map((target) => isItTrue(place, target)),
    question('Does the target suffer?'),
    ...targets.map((target) => doesItSuffer(place, target)),
    ...(options.reportUrl === undefined
      ? []
      : [question('Did it pass?'), didItPass(place, options.reportUrl)]),
    question('Was anything lost?'),
    wasAnythingLost(place, options),
    ...targets.map((target) => wasAnythingLostFor(place, target)),
    question('What does it cost?'),
    costRow(place, options),
  ];
};

export class Dashboard extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, options: DashboardOptions) {
    super(scope, id);
    const stack = Stack.of(this);
    const widgets = placeRows(rowsOf({ region: stack.region, stack: stack.stackName }, options));
    const dashboard = new CfnDashboard(this, 'Dashboard', {
      dashboardBody: stack.toJsonString({ start: '-PT3H', periodOverride: 'inherit', widgets }),
    });
    this.url = Fn.join('', [
      consoleUrl(this, `cloudwatch/home?region=${stack.region}#dashboards:name=`),
      dashboard.ref,
    ]);
  }
}
