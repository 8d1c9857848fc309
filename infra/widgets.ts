/** Widgets of a CloudWatch dashboard as its JSON wants them:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */

/** One line of a graph: a metric, or an expression of others. */
export type Line = readonly unknown[];

/** A widget without its place. */
export interface Widget {
  readonly type: 'metric' | 'text' | 'alarm';
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface PlacedWidget extends Widget {
  readonly x: number;
  readonly y: number;
}

export interface GraphOptions {
  readonly title: string;
  readonly width: number;
  readonly height?: number;
  readonly lines: readonly Line[];
  /** Words of the left axis. */
  readonly unit?: string;
  readonly max?: number;
  readonly view?: 'timeSeries' | 'singleValue';
  /** One value over all that is shown, instead of the last minute's. */
  readonly isOverRange?: boolean;
  readonly stacked?: boolean;
  /** Of what comes less often than each minute. */
  readonly periodSeconds?: number;
}

export const COLUMNS = 24;
const HEIGHT = 5;
const PERIOD_SECONDS = 60;

export const COLOURS = {
  blue: '#1f77b4',
  orange: '#ff7f0e',
  green: '#2ca02c',
  red: '#d62728',
  purple: '#9467bd',
  brown: '#8c564b',
  pink: '#e377c2',
  grey: '#7f7f7f',
  olive: '#bcbd22',
  cyan: '#17becf',
  /** For lines that are only there to be compared with. */
  pale: '#c7c7c7',
} as const;

const PALETTE: readonly string[] = Object.values(COLOURS).slice(0, -1);

/** Colour of a line that has none of its own. */
export const colourAt = (index: number): string => PALETTE[index % PALETTE.length] ?? COLOURS.grey;

export const graph = (region: string, options: GraphOptions): Widget => {
  const {
    title,
    width,
    height = HEIGHT,
    lines,
    unit,
    max,
    view = 'timeSeries',
    stacked = false,
    isOverRange,
    periodSeconds = PERIOD_SECONDS,
  } = options;
  const left = { min: 0, showUnits: false, ...(unit && { label: unit }), ...(max !== undefined && { max }) };
  return {
    type: 'metric',
    width,
    height,
    properties: {
      title,
      region,
      view,
      stacked,
      period: periodSeconds,
      stat: 'Sum',
      metrics: lines,
      ...(view === 'timeSeries'
        ? { yAxis: { left } }
        : isOverRange === true
          ? { setPeriodToTimeRange: true }
          : { sparkline: true }),
    },
  };
};

export const heading = (text: string): Widget => ({
  type: 'text',
  width: COLUMNS,
  height: 1,
  properties: { markdown: `## ${text}`, background: 'transparent' },
});

export const note = (width: number, height: number, markdown: string): Widget => ({
  type: 'text',
  width,
  height,
  properties: { markdown },
});

/** Columns beside each other, each with its widgets one above the other. */
export type Row = readonly (readonly Widget[])[];

const heightOf = (column: readonly Widget[]): number => column.reduce((sum, { height }) => sum + height, 0);
const widthOf = (column: readonly Widget[]): number => Math.max(0, ...column.map(({ width }) => width));

/** Gives every widget its place, row by row. */
export const placeRows = (rows: readonly Row[]): readonly PlacedWidget[] => {
  const placed: PlacedWidget[] = [];
  let top = 0;
  for (const row of rows) {
    let x = 0;
    for (const column of row) {
      let y = top;
      for (const widget of column) {
        placed.push({ ...widget, x, y });
        y += widget.height;
      }
      x += widthOf(column);
    }
    top += Math.max(0, ...row.map(heightOf));
  }
  return placed;
};

/** A line of a pair: what is hidden is still there for expressions. */
export interface Series {
  readonly id: string;
  readonly label: string;
  readonly colour: string;
  /** Namespace, name and dimensions. */
  readonly metric: readonly string[];
  readonly stat: string;
  /** Made of the metric, which is `$`: `$/PERIOD($)`. */
  readonly expression?: string;
}

const withOptions = ({ metric }: Series, options: Readonly<Record<string, unknown>>): Line => [
  ...metric,
  options,
];

const hidden = (series: Series, id: string): Line =>
  withOptions(series, { id, stat: series.stat, visible: false });

const shownLines = (series: Series): readonly Line[] => {
  const { id, label, stat, colour: color, expression } = series;
  if (expression === undefined) return [withOptions(series, { id, label, stat, color })];
  const source = `${id}source`;
  return [hidden(series, source), [{ id, label, color, expression: expression.replaceAll('$', source) }]];
};

/** The highest of the other side's lines at each moment, in pale: with it both graphs have the same scale by themselves. */
const shadowLines = (others: readonly Series[], label: string): readonly Line[] => {
  const ids = others.map(({ id }) => `${id}other`);
  const values = others.map(({ expression }, i) => (expression ?? '$').replaceAll('$', ids[i] ?? ''));
  const highest = values.length === 1 ? (values[0] ?? '') : `MAX([${values.join(', ')}])`;
  return [
    ...others.map((series, i) => hidden(series, ids[i] ?? '')),
    [{ id: 'shadow', label, color: COLOURS.pale, expression: highest }],
  ];
};

export interface PairSide {
  readonly title: string;
  /** What its shadow is called in the other graph. */
  readonly shadow: string;
  readonly series: readonly Series[];
}

/** Two graphs, one above the other, that can be compared by eye: the same colours, and the same scale. */
export const pair = (
  region: string,
  options: { width: number; unit: string; above: PairSide; below: PairSide },
): readonly Widget[] => {
  const { width, unit, above, below } = options;
  const side = (own: PairSide, other: PairSide): Widget =>
    graph(region, {
      title: own.title,
      width,
      unit,
      lines: [...shadowLines(other.series, other.shadow), ...own.series.flatMap(shownLines)],
    });
  return [side(above, below), side(below, above)];
};
