/** One line of the table. */
export interface Figure {
  readonly measurement: string;
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'runs' | 'runs/s' | 'rows/s' | 'MB' | '% of a core';
  /** The figure beside which it stands, such as `1.31 × BullMQ`. */
  readonly beside?: string;
  /** What it is to reach, and whether it did. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** What could not be measured, and why. */
export interface Skipped {
  readonly measurement: string;
  readonly reason: string;
}

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly postgres: string;
  readonly redis: string | undefined;
}

export interface Report {
  readonly machine: Machine;
  readonly at: string;
  readonly figures: Figure[];
  readonly skipped: Skipped[];
}

function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function cells(figure: Figure): string[] {
  const { target } = figure;
  const verdict = target ? `${target.text}: ${target.met ? 'met' : 'MISSED'}` : '';
  return [
    figure.measurement,
    figure.what,
    `${digits(figure.value)} ${figure.unit}`.replace(' ×', ' ×'),
    figure.beside ?? '',
    verdict,
  ];
}

/** A Markdown table, so that it can go into docs/performance.md as it is. */
export function renderReport({ machine, at, figures, skipped }: Report): string {
  const rows = [['measurement', 'figure', 'measured', 'beside', 'target'], ...figures.map(cells)];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const where = `${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, Node ${machine.node}, PostgreSQL ${machine.postgres}${machine.redis ? `, Redis ${machine.redis}` : ''}; ${at}`;
  const missing = skipped.map(({ measurement, reason }) => `Not measured: ${measurement} (${reason})`);
  return [where, '', line(head), rule, ...body.map(line), ...(missing.length > 0 ? ['', ...missing] : [])].join('\n');
}
