/** @file The contact sheet of a data set: some examples of each group, with the size of the group. */
import { groupsOf, type ImageDataset, imagesAt, UNKNOWN } from '../data/index.js';
import { contactSheet, type SheetSection } from './contact-sheet.js';

/** Of so many groups, the largest, are examples drawn. */
const GROUPS = 120;

/**
 * Draws the first examples of each group; where there are no labels, the first of all.
 * @param perGroup - so many of each
 * @returns the PNG, and of how many groups and examples it is
 */
export async function groupSheet(
  dataset: ImageDataset,
  perGroup: number,
): Promise<{ png: Buffer; groups: number; examples: number }> {
  const { indices, sections } = dataset.labels
    ? firstOfEachGroup(dataset, perGroup)
    : firstOfAll(dataset, perGroup);
  const png = await contactSheet({
    images: imagesAt(dataset, indices),
    shape: { ...dataset.shape, count: indices.length },
    sections,
    columns: perGroup,
    side: 96,
  });
  return { png, groups: sections.length, examples: indices.length };
}

interface Chosen {
  indices: number[];
  sections: SheetSection[];
}

function firstOfEachGroup(dataset: ImageDataset, perGroup: number): Chosen {
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
  return {
    indices: drawn.flatMap(({ indices }) => indices),
    sections: drawn.map(({ indices, title }) => ({ title, count: indices.length })),
  };
}

function firstOfAll({ name, shape }: ImageDataset, count: number): Chosen {
  const drawn = Math.min(count, shape.count);
  const title = `${name}, without labels (${shape.count})`;
  return { indices: Array.from({ length: drawn }, (_, i) => i), sections: [{ title, count: drawn }] };
}
