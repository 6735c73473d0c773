/** @file The tables of `la-ssl data describe`. */
import type { SplitDescription } from '../analysis/index.js';
import type { DatasetMetadata } from '../data/index.js';
import { formatTable } from './table.js';

/** More groups than that are not listed one by one: the largest are. */
const GROUPS = 40;
/** Larger tables of attribute by label are left to `--json`. */
const SIDE = 12;

/** Everything of `describeSplit`, for people. @param dataset - any of the splits, for the names */
export function formatDescription(dataset: DatasetMetadata, splits: readonly SplitDescription[]): string {
  const parts = [headline(dataset, splits), splitTable(splits), groupTable(splits), ...valueTables(splits)];
  parts.push(associationTable(splits), ...shareTables(dataset, splits[0]!));
  return parts.filter((part) => part !== '').join('\n\n');
}

function headline(
  { name, classNames, attributes }: DatasetMetadata,
  splits: readonly SplitDescription[],
): string {
  const { size, unknownLabels } = splits[0]!;
  const labels = unknownLabels === null ? 'no labels' : counted(classNames.length, 'label', 'labels');
  const kinds = attributes.map((attribute) => `${attribute.name} of ${attribute.values.length}`).join(', ');
  const bytes =
    splits.reduce((sum, { images }) => sum + images, 0) * size.channels * size.height * size.width;
  return (
    `${name}: ${labels}, ${attributes.length === 0 ? 'no attributes' : `attributes: ${kinds}`}; images of ` +
    `${size.height} × ${size.width} pixels, ${counted(size.channels, 'channel', 'channels')}, ` +
    `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB in memory`
  );
}

/** A line a split; columns of which there is nothing to say are left out. */
function splitTable(splits: readonly SplitDescription[]): string {
  const columns: [string, (split: SplitDescription) => string][] = [
    ['split', ({ split }) => split],
    ['images', ({ images }) => String(images)],
  ];
  if (splits.some(({ aligned }) => aligned)) {
    columns.push(
      ['aligned', ({ aligned }) => String(aligned?.count ?? '–')],
      ['%', ({ aligned }) => (aligned ? percent(aligned.count, aligned.of) : '–')],
    );
  }
  if (splits.some(({ unknownLabels }) => unknownLabels))
    columns.push(['label unknown', ({ unknownLabels }) => String(unknownLabels ?? '–')]);
  splits[0]!.attributes.forEach(({ name }, a) => {
    if (splits.some(({ attributes }) => attributes[a]!.unknown > 0))
      columns.push([`${name} unknown`, ({ attributes }) => String(attributes[a]!.unknown)]);
  });
  if (splits.some(({ skipped }) => skipped.length > 0))
    columns.push(['left out', ({ skipped }) => String(skipped.length)]);
  return formatTable(
    columns.map(([title]) => title),
    splits.map((split) => columns.map(([, cell]) => cell(split))),
  );
}

function groupTable(splits: readonly SplitDescription[]): string {
  const { groups } = splits.find((split) => split.groups) ?? {};
  if (!groups) return '';
  const counts = groups.map((_, g) => splits.map((split) => split.groups?.[g]?.count ?? 0));
  const size = (g: number): number => counts[g]!.reduce((a, b) => a + b, 0);
  const all = groups.map((_, g) => g);
  const few = groups.length <= GROUPS;
  const shown = few ? all : all.toSorted((a, b) => size(b) - size(a)).slice(0, GROUPS);
  const sided = groups.some(({ aligned }) => aligned !== undefined);
  const table = formatTable(
    ['group', ...(sided ? ['aligned'] : []), ...splits.map(({ split }) => split)],
    shown.map((g) => {
      const { name, aligned } = groups[g]!;
      return [name, ...(sided ? [aligned ? 'yes' : 'no'] : []), ...counts[g]!.map(String)];
    }),
  );
  if (few) return table;
  const rest = all.filter((g) => !shown.includes(g) && size(g) > 0);
  const images = rest.reduce((sum, g) => sum + size(g), 0);
  const empty = all.filter((g) => size(g) === 0).length;
  return `${table}\nThe largest ${shown.length} of ${groups.length} groups; ${rest.length} others have ${counted(images, 'image', 'images')}, ${empty} have none (--json names all).`;
}

/** Counts of the attributes' values, where there are no groups to show them. */
function valueTables(splits: readonly SplitDescription[]): string[] {
  if (splits.some(({ groups }) => groups)) return [];
  return splits[0]!.attributes.map(({ name, values }, a) =>
    formatTable(
      [name, ...splits.map(({ split }) => split)],
      values.map((value, code) => [
        value,
        ...splits.map(({ attributes }) => String(attributes[a]!.counts[code])),
      ]),
    ),
  );
}

function associationTable(splits: readonly SplitDescription[]): string {
  const rows = splits.flatMap(({ split, attributes }) =>
    attributes.flatMap(({ name, association }) =>
      association
        ? [
            [
              name,
              split,
              association.cramersV === null ? '–' : association.cramersV.toFixed(3),
              association.mutualInformation.toFixed(3),
            ],
          ]
        : [],
    ),
  );
  return rows.length === 0
    ? ''
    : formatTable(['label against', 'split', "Cramér's V", 'information in bits'], rows);
}

/** The share of each attribute's values given the label, in per cent. */
function shareTables({ classNames }: DatasetMetadata, { split, attributes }: SplitDescription): string[] {
  return attributes.flatMap(({ name, values, byLabel }) => {
    if (!byLabel || values.length > SIDE || classNames.length > SIDE) return [];
    const rows = byLabel.map((counts, label) => {
      const all = counts.reduce((a, b) => a + b, 0);
      return [classNames[label]!, ...counts.map((count) => (all === 0 ? '–' : percent(count, all)))];
    });
    return [`${name} given the label, ${split}, in %\n${formatTable(['label', ...values], rows)}`];
  });
}

function percent(count: number, of: number): string {
  return of === 0 ? '–' : ((100 * count) / of).toFixed(1);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
