/** @file A report on the disk: the page, and beside it a folder of its tables (CSV, Markdown) and figures (SVG). */
import { rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { writeWhole } from '../data/cache.js';
import { csvLine, markdownTable, markdownText } from './csv.js';
import { reportPage } from './page.js';
import { type Details, flatParts, type Part, type Report, type Table } from './parts.js';

export interface ReportFiles {
  page: string;
  /** The folder beside it, and the names of its files. */
  folder: string;
  files: string[];
}

/**
 * Writes the page and, anew, the folder `<page without its ending>-files`.
 * @throws Error where it cannot be written
 */
export async function writeReport(report: Report, page: string): Promise<ReportFiles> {
  const name = `${basename(page, extname(page))}-files`;
  const folder = join(dirname(page), name);
  const whole = withOwnSlugs(report);
  const contents = whole.sections.flatMap((section) => flatParts(section.parts)).flatMap(filesOf);
  await rm(folder, { recursive: true, force: true }); // so that nothing of an earlier report stays
  for (const [file, content] of contents) await writeWhole(join(folder, file), [Buffer.from(content)]);
  await writeWhole(page, [Buffer.from(reportPage(whole, name))]);
  return { page, folder, files: contents.map(([file]) => file) };
}

function filesOf(part: Exclude<Part, Details>): [name: string, content: string][] {
  if (part.kind === 'figure') return [[`${part.slug}.svg`, part.svg]];
  if (part.kind !== 'table') return [];
  return [
    [`${part.slug}.csv`, [part.header, ...part.rows].map(csvLine).join('')],
    [`${part.slug}.md`, tableMarkdown(part)],
  ];
}

function tableMarkdown({ caption, header, rows }: Table): string {
  return `${markdownText(caption)}\n\n${markdownTable(header, rows)}`;
}

/** Numbers the slugs that names of runs have made the same. */
function withOwnSlugs(report: Report): Report {
  const taken = new Set<string>();
  const own = (part: Part): Part => {
    if (part.kind === 'details') return { ...part, parts: part.parts.map(own) };
    if (!('slug' in part)) return part;
    let { slug } = part;
    for (let n = 2; taken.has(slug); n++) slug = `${part.slug}-${n}`;
    taken.add(slug);
    return { ...part, slug };
  };
  const sections = report.sections.map((section) => ({ ...section, parts: section.parts.map(own) }));
  return { ...report, sections };
}
