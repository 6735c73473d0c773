/** @file What a report is made of: sections of figures, tables, pictures and notes. */

export interface Figure {
  kind: 'figure';
  /** Of its files, and of links to it: lower-case letters, digits and dashes; unique in a report. */
  slug: string;
  title: string;
  /** What is shown, with counts, and what the intervals are. */
  caption: string;
  svg: string;
}

export interface Table {
  kind: 'table';
  slug: string;
  caption: string;
  header: readonly string[];
  rows: readonly (readonly string[])[];
  /** Of a long table, what the page shows unasked; files have it whole. */
  fold?: Fold | undefined;
}

export interface Fold {
  /** Indices of rows, in the order in which they are shown. */
  shown: readonly number[];
  /** What these are: `the 10 groups with the lowest accuracy`. */
  what: string;
}

export interface Picture {
  /** PNG. */
  png: Buffer;
  /** Width and height at which it is shown, CSS pixels. */
  width: number;
  height: number;
  alt: string;
  lines: readonly string[];
}

export interface Pictures {
  kind: 'pictures';
  slug: string;
  title: string;
  caption: string;
  pictures: readonly Picture[];
}

/** Something that is missing, and what makes it; or a warning. */
export interface Note {
  kind: 'note' | 'warning';
  text: string;
  /** A command line that makes what is missing. */
  command?: string | undefined;
}

/** Parts that a page shows when they are asked for; on paper, always. */
export interface Details {
  kind: 'details';
  title: string;
  parts: readonly Part[];
}

export type Part = Figure | Table | Pictures | Note | Details;

export interface Section {
  id: string;
  title: string;
  parts: readonly Part[];
}

export interface Report {
  title: string;
  /** What is reported on, in a sentence or two. */
  lead: string;
  sections: readonly Section[];
}

/** The parts with those of details in their place. */
export function flatParts(parts: readonly Part[]): Exclude<Part, Details>[] {
  return parts.flatMap((part) => (part.kind === 'details' ? flatParts(part.parts) : [part]));
}

/** Tables of more rows are folded, to so many of them. */
const LONG = 20;
const WORST = 10;

/**
 * Folds a long table to its worst rows.
 * @param badness - of each row: the higher, the sooner it is shown; null of a row that always is
 * @param what - what the worst are, such as `groups with the lowest accuracy`
 * @returns undefined for a short table
 */
export function foldToWorst(badness: readonly (number | null)[], what: string): Fold | undefined {
  const ranked = badness.flatMap((of, row) => (of === null ? [] : [{ of, row }]));
  if (badness.length <= LONG || ranked.length <= WORST) return undefined;
  const always = badness.flatMap((of, row) => (of === null ? [row] : []));
  const worst = ranked.sort((a, b) => b.of - a.of || a.row - b.row).slice(0, WORST);
  return { shown: [...always, ...worst.map(({ row }) => row)], what: `the ${WORST} ${what}` };
}

/** A slug of any text. */
export function slugOf(...texts: readonly (string | number)[]): string {
  return (
    texts
      .join('-')
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'part'
  );
}
