/**
 * @file The folder of a study: a run folder each, `logs/`, `rates.json`, then `study.json` and its tables.
 *
 * `study-of.json` says whose it is. A run is done when it is trained and probed, by this code and with these options.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../code.js';
import { createMethod, lockFolder, type ResolvedConfig, RunFolder } from '../training/index.js';
import { configKey, type StudyPlan, type StudyRun } from './plan.js';
import { judgedOn, probesOf, type Study } from './study-file.js';
import { StudyProblem } from './yaml-file.js';

/** What is left to do for a run. */
export type RunState = 'new' | 'unfinished' | 'trained' | 'done' | 'pruned';

/** What to do with runs that other code made. */
export const OLD_RUNS = ['stop', 'keep', 'repeat'] as const;
export type OldRuns = (typeof OLD_RUNS)[number];

/** Beside the files of the probe: by which code and options it was made, and in what time. */
interface ProbeRecord {
  code: string;
  options: string;
  seconds: number;
}

export class StudyFolder {
  readonly #training = codeOf('training');
  readonly #evaluation = codeOf('evaluation');

  constructor(
    readonly path: string,
    readonly study: Study,
  ) {}

  run({ name }: Pick<StudyRun, 'name'>): RunFolder {
    return new RunFolder(join(this.path, name));
  }

  logOf({ name }: Pick<StudyRun, 'name'>): string {
    return join(this.path, 'logs', `${name}.log`);
  }

  /** @throws StudyProblem where the folder is that of another study, or of something else */
  checkOwner(): void {
    const owner = readJson<{ study: string; budget: string }>(join(this.path, 'study-of.json'));
    const { name, budget } = this.study;
    if (owner && (owner.study !== name || owner.budget !== budget)) {
      throw new StudyProblem(
        `${this.path} belongs to the study ${owner.study} (${owner.budget}), not to ${name} (${budget}). Give another --runs.`,
      );
    }
    if (
      !owner &&
      existsSync(this.path) &&
      readdirSync(this.path).some((name) => !/^(lock\b|study-of)/.test(name))
    ) {
      throw new StudyProblem(`${this.path} holds something else than this study. Give another --runs.`);
    }
  }

  /** Makes the folder where it is not there. @returns what releases its lock. @throws as `checkOwner`, and where it is locked */
  open(): () => void {
    this.#make();
    const release = lockFolder(this.path, 'worked on');
    try {
      this.checkOwner();
      const { name, budget } = this.study;
      this.write('study-of.json', `${JSON.stringify({ study: name, budget })}\n`);
      mkdirSync(join(this.path, 'logs'), { recursive: true });
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  #make(): void {
    try {
      mkdirSync(this.path, { recursive: true });
      accessSync(this.path, constants.W_OK);
    } catch (error) {
      throw new StudyProblem(
        `${this.path} cannot be written: ${(error as Error).message}. Give another --runs.`,
      );
    }
  }

  /**
   * Where each run stands.
   * @throws StudyProblem where a run has other options than the study, or other code made it and `old` is `stop`
   */
  states({ runs }: StudyPlan, old: OldRuns): Map<string, RunState> {
    const begun = runs.filter((run) => this.run(run).status !== 'empty');
    const others = begun.filter((run) => !this.#hasOptions(run));
    if (others.length > 0 && old !== 'repeat') {
      throw new StudyProblem(
        `${this.path} has runs with other options than the study has now: ${namesOf(others)}. ` +
          'Give another --runs, or --old-runs repeat to remove these and train them anew.',
      );
    }
    const outdated = begun.filter((run) => !others.includes(run) && this.codeOf(run) !== this.#training);
    if (outdated.length > 0 && old === 'stop') {
      throw new StudyProblem(
        `Other code made these runs of ${this.path}: ${namesOf(outdated)}. ` +
          'Give --old-runs keep to take them as they are, or --old-runs repeat to remove them and train them anew.',
      );
    }
    const repeated = new Set(old === 'repeat' ? [...others, ...outdated] : []);
    return new Map(runs.map((run) => [run.name, repeated.has(run) ? 'new' : this.stateOf(run)]));
  }

  /** Where one run stands, by this code and these options; one whose encoder is cut short is to be made anew. */
  stateOf(run: StudyRun): RunState {
    const folder = this.run(run);
    if (folder.status !== 'finished') return folder.status === 'empty' ? 'new' : 'unfinished';
    if (!folder.hasWholeEncoder) return 'new';
    const record = this.probeRecord(run);
    const isProbed = record?.code === this.#evaluation && record.options === this.#probeOptions;
    return isProbed && existsSync(folder.file('probe.json')) ? 'done' : 'trained';
  }

  #hasOptions(run: StudyRun): boolean {
    const without = ['threads', ...(run.precisionGiven ? [] : ['precision'])];
    try {
      return configKey(this.run(run).readConfig(), without) === configKey(run.config, without);
    } catch {
      return false; // by a version with other options
    }
  }

  /** The code that made a run; null where it does not say. */
  codeOf(run: StudyRun): string | null {
    return readJson<{ code?: string }>(this.run(run).file('run.json'))?.code ?? null;
  }

  get #probeOptions(): string {
    const on = judgedOn(this.study);
    return JSON.stringify([{ ...this.study.probe, ...(on && { on }) }, probesOf(this.study)]);
  }

  probeRecord(run: StudyRun): ProbeRecord | null {
    return readJson<ProbeRecord>(this.run(run).file('study-probe.json'));
  }

  /** Whether the probe of a run was judged on the test split, or on that for validation. */
  splitOf(run: StudyRun): 'test' | 'validation' {
    const probe = readJson<{ key?: { on?: 'validation' } }>(this.run(run).file('probe.json'));
    return probe?.key?.on ?? 'test';
  }

  /** @param seconds - that the probe took */
  async recordProbe(run: StudyRun, seconds: number): Promise<void> {
    const record: ProbeRecord = { code: this.#evaluation, options: this.#probeOptions, seconds };
    await this.run(run).writeJson('study-probe.json', record);
  }

  /** Seconds that a run was trained for, to its end or so far. */
  trainSeconds(run: StudyRun): number {
    return this.run(run)
      .readMetrics()
      .reduce((sum, event) => {
        if (event.kind === 'epoch') return sum + event.seconds + event.scoringSeconds;
        return event.kind === 'online' ? sum + event.seconds : sum;
      }, 0);
  }

  /** Writes a whole file, or none. */
  write(name: string, content: string): void {
    const partial = join(this.path, `${name}.partial`);
    writeFileSync(partial, content);
    renameSync(partial, join(this.path, name));
  }

  /** Seconds for a unit of work by kind of run, as `--dry-run` timed them. */
  readRates(): Record<string, number> {
    return readJson<Record<string, number>>(join(this.path, 'rates.json')) ?? {};
  }

  /** @throws StudyProblem where the disk cannot hold what is to be written */
  checkSpace(left: readonly StudyRun[]): void {
    const needed = left.reduce((sum, run) => sum + bytesOf(run.config), 0);
    const { bavail, bsize } = statfsSync(this.path);
    if (needed <= bavail * bsize) return;
    const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw new StudyProblem(
      `The ${left.length} runs that are left need about ${gib(needed)}, and ${this.path} has ${gib(bavail * bsize)} free. Make room, or give another --runs.`,
    );
  }
}

function namesOf(runs: readonly StudyRun[]): string {
  const [first, ...rest] = runs.map(({ name }) => name);
  return rest.length === 0 ? first! : `${first} and ${rest.length} more`;
}

/** @returns null where it is missing or half */
export function readJson<T>(file: string): T | null {
  try {
    return statSync(file).size > 0 ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
  } catch {
    return null;
  }
}

/** Bytes of a row of the speeds: id, group, speed and probability, compressed. */
const SPEED_ROW = 24;
const parameterBytes = new Map<string, number>();

/** What a run leaves on the disk: weights, twice with the optimizer's state in the checkpoint, and a row an example and update. */
function bytesOf(config: ResolvedConfig): number {
  const { epochs, warmupEpochs, updateEvery, examples = 0 } = config;
  const key = configKey(config, [
    'threads',
    'seed',
    'sampler',
    'gamma',
    'r',
    'alignedShare',
    'lr',
    'dataSeed',
  ]);
  const side = config.imageSize ?? 32;
  let weights = parameterBytes.get(key);
  if (weights === undefined) {
    const method = createMethod(config, { channels: 3, height: side, width: side });
    weights = [...method.namedParameters()].reduce(
      (sum, [, { shape }]) => sum + 4 * shape.reduce((a, b) => a * b, 1),
      0,
    );
    method.dispose();
    parameterBytes.set(key, weights);
  }
  const updates = Math.max(0, Math.ceil((epochs - warmupEpochs) / updateEvery));
  return (config.optimizer === 'adamw' ? 5 : 4) * weights + updates * examples * SPEED_ROW;
}
