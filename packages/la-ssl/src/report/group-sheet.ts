/** @file The contact sheet of a data set: some examples of each group, with the size of the group. */
import { type DatasetMetadata, groupsOf, type ImageDataset, imagesAt, UNKNOWN } from '../data/index.js';
import { contactSheet, type SheetSection } from './contact-sheet.js';

/** Of so many groups, the largest, are examples drawn. */
const GROUPS = 120;

/**
 * Draws the first examples of each group; where there are no labels, the first of all.
 * @param perGroup - so many of each
 * @param load - gives the examples at these places with their pixels, without some where they are broken
 * @returns the PNG, and of how many groups and examples it is
 */
export async function groupSheet(
  dataset: DatasetMetadata,
  perGroup: number,
  load: (indices: Int32Array) => Promise<ImageDataset>,
): Promise<{ png: Buffer; groups: number; examples: number }> {
  const chosen = dataset.labels ? firstOfEachGroup(dataset, perGroup) : firstOfAll(dataset, perGroup);
  const drawn = await load(Int32Array.from(chosen.flatMap(({ indices }) => indices)));
  const known = new Set(drawn.ids);
  const sections = chosen.map(
    ({ title, indices }): SheetSection => ({
      title,
      count: indices.filter((i) => known.has(dataset.ids[i]!)).length,
    }),
  );
  const { shape } = drawn;
  const images = imagesAt(drawn, [...drawn.ids.keys()]);
  const png = await contactSheet({ images, shape, sections, columns: perGroup, side: 96 });
  return { png, groups: sections.length, examples: shape.count };
}

interface Chosen {
  title: string;
  indices: number[];
}

function firstOfEachGroup(dataset: DatasetMetadata, perGroup: number): Chosen[] {
  const { groups, groupOf } = groupsOf(dataset);
  const members = groups.map((): number[] => []);
  const outside: number[] = [];
  groupOf.forEach((group, i) => {
    const known = group === UNKNOWN ? outside : members[group]!;
    if (known.length < perGroup) known.push(i);
  });
  const least = groups.map(({ count }) => count).sort((a, b) => b - a)[GROUPS - 1] ?? 1;
  const drawn = groups.flatMap(({ name, count, aligned }, g) => {
    if (count < Math.max(1, least)) return [];
    const side = aligned === undefined ? '' : aligned ? ', aligned' : '';
    return [{ indices: members[g]!, title: `${name} (${count}${side})` }];
  });
  if (outside.length > 0) {
    const count = groupOf.reduce((sum, group) => sum + (group === UNKNOWN ? 1 : 0), 0);
    drawn.push({ indices: outside, title: `group unknown (${count})` });
  }
  return drawn;
}

function firstOfAll({ name, shape }: DatasetMetadata, count: number): Chosen[] {
  const drawn = Math.min(count, shape.count);
  const title = `${name}, without labels (${shape.count})`;
  return [{ title, indices: Array.from({ length: drawn }, (_, i) => i) }];
}
