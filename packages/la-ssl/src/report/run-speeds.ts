/** @file The plot of a run's learning speeds, from what it left in its folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../data/cache.js';
import { groupsOf, type ImageDataset } from '../data/index.js';
import { type RunFolder, readSpeeds } from '../training/index.js';
import { speedPlot } from './speed-plot.js';

/**
 * Writes `speeds.svg` into the folder `out`.
 * @returns the file, or null where the run made no update or its data set does not say which examples are conflicting
 */
export async function writeSpeedPlot(
  folder: RunFolder,
  train: ImageDataset,
  out: string,
): Promise<string | null> {
  const aligned = train.labels && groupsOf(train).aligned;
  const files = existsSync(folder.file('speeds')) ? readdirSync(folder.file('speeds')).sort() : [];
  const written = files.filter((name) => name.endsWith('.parquet'));
  if (!aligned || written.length === 0) return null;
  const aurocs = new Map(
    folder
      .readMetrics()
      .flatMap((event) =>
        event.kind === 'update' ? [[event.epoch, event.conflictingIsSlower] as const] : [],
      ),
  );
  const updates = [];
  for (const name of written) {
    const update = await readSpeeds(folder.file(`speeds/${name}`));
    updates.push({ ...update, auroc: aurocs.get(update.epoch) ?? null });
  }
  const { sampler } = folder.readConfig();
  const svg = await speedPlot(
    updates,
    Array.from(aligned, (side) => (side < 0 ? null : side === 1 ? 'aligned' : 'conflicting')),
    {
      title: `Learning speeds of aligned and conflicting examples, ${train.name}, ${sampler}`,
    },
  );
  const file = join(out, 'speeds.svg');
  await writeWhole(file, [Buffer.from(svg)]);
  return file;
}
