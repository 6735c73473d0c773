/** @file Where the time of a run went, as a table. */
import { PROFILE_PARTS, type Profile } from '../training/index.js';
import { formatTable } from './table.js';

/** Seconds and share of each part, and their sum. */
export function profileTable(profile: Profile): string {
  const all = PROFILE_PARTS.reduce((sum, part) => sum + profile[part], 0);
  const row = (name: string, seconds: number): string[] => [
    name,
    seconds.toFixed(2),
    ((100 * seconds) / all).toFixed(1),
  ];
  const rows = PROFILE_PARTS.map((part) => row(part, profile[part]));
  return formatTable(['where the time went', 'seconds', '%'], [...rows, row('all', all)]);
}
