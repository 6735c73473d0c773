/**
 * @file Whether learning speed stood in well for the true groups in a run: the speeds that it left at each update,
 * against what its data set knows.
 */
import { existsSync, readdirSync } from 'node:fs';
import { groupsOf, type ImageDataset } from '../data/index.js';
import { type SamplingDiagnostics, samplingDiagnostics } from '../sampling/index.js';
import { type RunFolder, readSpeeds } from '../training/index.js';

/** One update, as `SamplingDiagnostics`, from the file of its speeds. */
export interface ProxyUpdate extends SamplingDiagnostics {
  /** First epoch that was drawn with these probabilities, from 0. */
  epoch: number;
}

export interface RunProxy {
  sampler: string;
  examples: number;
  /** Share of the examples that are conflicting: the precision of a choice at random. Null where not known of all. */
  conflictingExamples: number | null;
  updates: ProxyUpdate[];
}

/**
 * @param train - the training split that the run's config asks for
 * @throws Error where the run has made no update yet, or its speeds are of another data set
 */
export async function proxyOfRun(folder: RunFolder, train: ImageDataset): Promise<RunProxy> {
  const files = existsSync(folder.file('speeds')) ? readdirSync(folder.file('speeds')).sort() : [];
  const written = files.filter((name) => name.endsWith('.parquet'));
  if (written.length === 0) {
    throw new Error(
      `${folder.path} has no speeds yet: it has not come to its first update (--warmup-epochs). ` +
        `Go on with it: la-ssl train --resume ${folder.path}`,
    );
  }
  const { count } = train.shape;
  const groups = train.labels ? groupsOf(train) : null;
  const conflicting =
    groups?.aligned && !groups.aligned.includes(-1)
      ? Uint8Array.from(groups.aligned, (aligned) => 1 - aligned)
      : null;
  const agreements = new Map(
    folder
      .readMetrics()
      .flatMap((event) => (event.kind === 'update' ? [[event.epoch, event.agreement ?? null] as const] : [])),
  );
  const updates: ProxyUpdate[] = [];
  let previousSpeeds: Float64Array | undefined;
  for (const name of written) {
    const { epoch, speeds, probabilities } = await readSpeeds(folder.file(`speeds/${name}`));
    if (speeds.length !== count) {
      throw new Error(
        `${folder.file(`speeds/${name}`)} has ${speeds.length} examples, and the data set ${count}: it has changed since.`,
      );
    }
    const diagnostics = samplingDiagnostics({
      probabilities,
      speeds,
      seen: Uint8Array.from(speeds, (speed) => Number(speed > 0)),
      ...(previousSpeeds && { previousSpeeds }),
      ...(conflicting && { conflicting }),
      ...(groups && { groups: { codes: groups.groupOf, names: groups.groups.map((group) => group.name) } }),
    });
    updates.push({ epoch, ...diagnostics, agreement: agreements.get(epoch) ?? null });
    previousSpeeds = speeds;
  }
  const conflictingExamples = conflicting && conflicting.reduce((sum, flag) => sum + flag, 0) / count;
  return { sampler: folder.readConfig().sampler, examples: count, conflictingExamples, updates };
}
