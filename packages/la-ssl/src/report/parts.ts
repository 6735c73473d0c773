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

export type Part = Figure | Table | Pictures | Note;

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
