/**
 * @file What the probes of a run leave: `probe.json` with the figures, `probe.safetensors` with predictions and
 * probabilities of each test example, so that runs can be compared example by example later.
 *
 * Files from before there were probabilities are read; figures that need them ask for the probe to be made again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fromData, loadSafetensors, saveSafetensors, scope } from '@la-ssl/torch';
import type { RunFolder } from '../training/index.js';
import type { DetailedMetrics } from './detailed-metrics.js';
import { PROBE_KINDS, type ProbeKind } from './probe-kinds.js';
import type { ProbeOutcome } from './probe-outcome.js';

/** A probe as it is saved: without the coefficients. */
export interface SavedProbe extends Omit<ProbeOutcome, 'probabilities'> {
  /** Of the classes, `[N, K]`; null in files from before they were kept. */
  readonly probabilities: Float64Array | null;
  /** Figures beyond accuracy; null in files from before there were any. */
  readonly detail: DetailedMetrics | null;
  /** Weight of the L2 penalty; absent where it is no L2 probe. */
  readonly l2?: number;
  /** How many examples it was fitted on, at a time. */
  readonly examples: number;
  readonly converged: boolean;
  /** How it was made, where that is not `l2` alone. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** What a run's probes say; null of one that was not made or that the data set does not allow. */
export interface RunProbes extends Record<Exclude<ProbeKind, 'biased'>, SavedProbe | null> {
  readonly biased: SavedProbe;
  readonly warnings: readonly string[];
}

const KINDS = Object.keys(PROBE_KINDS) as ProbeKind[];
const JSON_FILE = 'probe.json';
const TENSORS_FILE = 'probe.safetensors';

/** @param made - which probes were asked for: the others are not said to be impossible */
export async function writeProbes(
  folder: RunFolder,
  key: unknown,
  made: ReadonlySet<ProbeKind>,
  probes: RunProbes,
): Promise<void> {
  scope(() => {
    const tensors = KINDS.flatMap((name) => {
      const probe = probes[name];
      if (!probe) return [];
      const rows = probe.predictions.length;
      const own = [[name, fromData(probe.predictions)] as const];
      const p = probe.probabilities;
      return p ? [...own, [`${name}.probabilities`, fromData(p, [rows, p.length / rows])] as const] : own;
    });
    saveSafetensors(folder.file(TENSORS_FILE), tensors);
  });
  const lean = (probe: SavedProbe | null) =>
    probe && { ...probe, predictions: undefined, probabilities: undefined };
  const kinds = KINDS.filter((name) => made.has(name)).map((name) => [name, lean(probes[name])]);
  await folder.writeJson(JSON_FILE, { key, ...Object.fromEntries(kinds), warnings: probes.warnings });
}

/**
 * The saved probes of a run.
 * @returns `made`: which there are, also those that the data set does not allow; null where there is no file, or one that
 *   was made with other options or of another encoder
 * @throws Error that names the file, where one is damaged
 */
export function readProbes(
  folder: RunFolder,
  key: unknown,
): { probes: RunProbes; made: ReadonlySet<ProbeKind> } | null {
  const file = folder.file(JSON_FILE);
  if (!existsSync(file) || !existsSync(folder.file(TENSORS_FILE))) return null;
  const saved = parsed(file);
  if (!saved || JSON.stringify(saved.key) !== JSON.stringify(key)) return null;
  return scope(() => {
    const { tensors } = loadSafetensors(folder.file(TENSORS_FILE));
    const whole = (name: ProbeKind): SavedProbe | null => {
      const own = saved[name];
      const predictions = tensors.get(name)?.data() as Int32Array | undefined;
      const probabilities = tensors.get(`${name}.probabilities`)?.toFloat64Array() ?? null;
      return own && predictions ? { ...own, predictions, probabilities, detail: own.detail ?? null } : null;
    };
    const biased = whole('biased');
    if (!biased) return null;
    const probes: RunProbes = {
      biased,
      balanced: whole('balanced'),
      attribute: whole('attribute'),
      dfr: whole('dfr'),
      knn: whole('knn'),
      warnings: saved.warnings ?? [],
    };
    return { probes, made: new Set(KINDS.filter((name) => name in saved)) };
  });
}

function parsed(file: string): (Partial<RunProbes> & { key: unknown }) | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is damaged (${(error as Error).message}). Make the probe anew by --again.`);
  }
}
