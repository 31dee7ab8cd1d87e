// How results are written down, for the terminal and for the documentation.

/** A number with three significant digits, or all digits before the point. */
export function figure(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}

/** The median and the range. */
export function spread({ value, min, max, runs }, unit = '') {
  const middle = `${figure(value)}${unit === '' ? '' : ` ${unit}`}`;
  return runs === undefined || runs === 1 ? middle : `${middle} (${figure(min)}–${figure(max)})`;
}

const verdict = ({ goal, met }) => (goal === undefined ? '' : met ? 'met' : 'NOT MET');

function cells(result) {
  const { measure, unit, against, ratio, goal } = result;
  return [
    measure,
    spread(result, unit),
    against === undefined ? '' : `${spread(against, against.unit)} ${against.what}`,
    ratio === undefined ? '' : spread(ratio),
    goal ?? '',
    verdict(result),
  ];
}

export function print(results) {
  const rows = results.map(cells);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

export function markdown(results) {
  const head = ['measure', 'value', 'peer or limit', 'ratio', 'goal', 'met'];
  const lines = [head, head.map(() => '---'), ...results.map(cells)];
  return lines.map((line) => `| ${line.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}
