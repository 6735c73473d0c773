/** @file Figures as text: shares in per cent with intervals, times, counts. */
import type { Estimate } from '../evaluation/index.js';

/** `71.3 [69.2, 73.3]`, in per cent; `–` where there is none. */
export function formatEstimate(estimate: Estimate | null | undefined): string {
  if (!estimate) return '–';
  return `${percent(estimate.value)} [${percent(estimate.low)}, ${percent(estimate.high)}]`;
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** Four digits that count; `–` where it is not known. */
export function formatNumber(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value == null ? '–' : String(value);
  return Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(4)));
}

/** `1 h 02 min`, `3 min 20 s`, `12.5 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  if (minutes < 60) return `${minutes} min ${String(rest).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `worstGroup` → `worst group`, `worst-group` too. */
export function wordsOf(name: string): string {
  return name.replaceAll('-', ' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** `1 run`, `2 runs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
