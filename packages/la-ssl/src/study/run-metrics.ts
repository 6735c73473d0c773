/**
 * @file What a finished run says, by names such as `biased.worstGroup`: a source, a dot, and what of it.
 *
 * Sources: the probes of `probe.json` (`biased`, `balanced`, `attribute`, `dfr`, `knn`: accuracies,
 * figures such as `biased.auroc`, classes as `biased.classes.<name>.recall`); `update`, `epoch` and `online`, the last
 * such line of `metrics.jsonl`; `cost`, the seconds of all epochs (`seconds`) and examples a second (`examplesPerSecond`),
 * which alone differ from run to run.
 */
import type { RunFolder } from '../training/index.js';
import { readJson } from './study-folder.js';

/** Figures beyond accuracy, as `la-ssl probe` saves them. */
type Detail = { figures?: object; classes?: object };

/** Parts of events that differ from run to run. */
const TIMES = ['seconds', 'scoringSeconds', 'examplesPerSecond'];

/** Every metric of a run by name; what it does not know is not there. */
export function metricsOf(folder: RunFolder): Map<string, number> {
  const metrics = new Map<string, number>();
  const probes = readJson<Record<string, unknown>>(folder.file('probe.json')) ?? {};
  for (const [name, probe] of Object.entries(probes)) {
    if (name === 'key' || !isObject(probe)) continue;
    const { metrics: accuracies = {}, detail } = probe as { metrics?: object; detail?: Detail | null };
    collect(metrics, name, detail?.figures ?? {});
    collect(metrics, `${name}.classes`, detail?.classes ?? {});
    collect(metrics, name, accuracies);
  }
  const events = folder.readMetrics();
  for (const kind of ['update', 'epoch', 'online'] as const) {
    collect(metrics, kind, events.findLast((event) => event.kind === kind) ?? {});
    for (const time of TIMES) metrics.delete(`${kind}.${time}`);
  }
  const epochs = events.filter((event) => event.kind === 'epoch');
  const train = epochs.reduce((sum, { seconds }) => sum + seconds, 0);
  const examples = epochs.reduce(
    (sum, { seconds, examplesPerSecond }) => sum + seconds * examplesPerSecond,
    0,
  );
  metrics.set(
    'cost.seconds',
    epochs.reduce((sum, { scoringSeconds }) => sum + scoringSeconds, train),
  );
  metrics.set('cost.examplesPerSecond', examples / train);
  return metrics;
}

/** Numbers, and what has one as its value, to any depth. */
export function collect(metrics: Map<string, number>, name: string, content: object): void {
  for (const [key, value] of Object.entries(content)) {
    const path = `${name}.${key}`;
    if (typeof value === 'number') metrics.set(path, value);
    else if (isObject(value) && typeof (value as { value?: unknown }).value === 'number')
      metrics.set(path, (value as unknown as { value: number }).value);
    else if (isObject(value)) collect(metrics, path, value);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
