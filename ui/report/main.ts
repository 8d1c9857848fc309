/** Brings a report to life: charts, sorting, filter, copying, theme. All that it shows is in the page already. */

import type { PageData } from '../../core/report/html/page-data.ts';
import { startCopying } from '../shared/copy.ts';
import { startThemeToggle } from '../shared/theme.ts';
import { drawCharts } from './charts.ts';
import { startRouteTable } from './route-table.ts';

const toggle = document.querySelector<HTMLButtonElement>('#theme');
if (toggle !== null) startThemeToggle(toggle);
startRouteTable();
startCopying(document);

const data = document.querySelector('#data')?.textContent;
if (data !== null && data !== undefined) drawCharts(JSON.parse(data) as PageData);
