import { type Figure, type Goal, ratioOf, verdictOf } from './harness.ts';

/** Figures for people and for programs. */

/** Three significant digits at least, thousands apart. */
export function numberText(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return '';
  if ('most' in goal) return `≤ ${numberText(goal.most)} ${unit}`;
  return `≥ ${goal.ratio}${goal.aim === undefined ? '' : `, aim ${goal.aim}`}`;
}

function cellsOf(figure: Figure): string[] {
  const { name, value, unit, floor, floorName = '', goal } = figure;
  const ratio = ratioOf(figure);
  return [
    name,
    `${numberText(value)} ${unit}`,
    floor === undefined ? '' : `${numberText(floor)} ${floorName}`,
    ratio === undefined ? '' : ratio.toFixed(2),
    goalText(goal, unit),
    verdictOf(figure) ?? '',
  ];
}

const HEAD = ['figure', 'value', 'floor', 'ratio', 'goal', ''];
/** Columns that line up at the right. */
const RIGHT: ReadonlySet<number> = new Set([1, 2, 3]);

export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  lines.splice(
    1,
    0,
    widths
      .map((width) => '-'.repeat(width))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** `[{"name","value","unit","floor","ratio"}]`; null where there is no floor. */
export function jsonOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => ({
    name: figure.name,
    value: rounded(figure.value),
    unit: figure.unit,
    floor: figure.floor === undefined ? null : rounded(figure.floor),
    ratio: ratioOf(figure) === undefined ? null : rounded(ratioOf(figure) ?? 0),
  }));
  return `${JSON.stringify(rows, undefined, 2)}\n`;
}

const rounded = (value: number): number => Number(value.toPrecision(6));
