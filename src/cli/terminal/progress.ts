import type { Screen } from './output.ts';

const BAR = 24;
/** Most often that the line is redrawn, in milliseconds. */
const REDRAW_MS = 100;

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A bar on a terminal; silent where there is none, so that logs are not full of it. */
export class Progress {
  readonly #screen: Screen;
  readonly #label: string;
  #drawnAt = 0;
  #shown = false;

  constructor(screen: Screen, label: string) {
    this.#screen = screen;
    this.#label = label;
  }

  /** `done` of `total` in one unit, null where nobody can tell; `remark` stands behind the bar. */
  update(done: number, total: number | null, remark: string): void {
    if (!this.#screen.isTTY) return;
    const now = performance.now();
    if (this.#shown && now - this.#drawnAt < REDRAW_MS && (total === null || done < total)) return;
    this.#drawnAt = now;
    this.#shown = true;
    if (total === null) {
      this.#screen.write(`\r\u001b[2K${this.#label}: ${remark}`);
      return;
    }
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.round(share * BAR);
    const percent = String(Math.floor(share * 100)).padStart(3);
    this.#screen.write(
      `\r\u001b[2K${this.#label} [${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${percent}% ${remark}`,
    );
  }

  /** Takes the bar away again. */
  end(): void {
    if (this.#shown) this.#screen.write('\r\u001b[2K');
    this.#shown = false;
  }
}
