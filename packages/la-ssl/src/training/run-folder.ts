/**
 * @file A run is a folder: `config.yaml`, `run.json` (code, machine, time), `metrics.jsonl`, `speeds/*.parquet`,
 * `checkpoint.safetensors`, then `encoder.safetensors` and what the probe adds.
 *
 * Whole files are written under a temporary name and renamed. `metrics.jsonl` grows by lines, and a resumed run
 * cuts it to the length that its checkpoint remembers.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { libtorchVersion } from '@la-ssl/torch';
import { parse, stringify } from 'yaml';
import { type TrainConfig, trainConfigSchema } from './config.js';
import type { MetricsEvent } from './events.js';

/** Where a run stands. */
export type RunStatus = 'empty' | 'unfinished' | 'finished';

export class RunFolder {
  constructor(readonly path: string) {}

  file(name: string): string {
    return join(this.path, name);
  }
  get configFile(): string {
    return this.file('config.yaml');
  }
  get metricsFile(): string {
    return this.file('metrics.jsonl');
  }
  get checkpointFile(): string {
    return this.file('checkpoint.safetensors');
  }
  get encoderFile(): string {
    return this.file('encoder.safetensors');
  }

  get status(): RunStatus {
    if (!existsSync(this.configFile)) return 'empty';
    return existsSync(this.encoderFile) ? 'finished' : 'unfinished';
  }

  /** Makes the folder and writes what the run is. @throws Error where a run is there already */
  async create(config: TrainConfig): Promise<void> {
    if (this.status !== 'empty') throw new Error(`${this.path} holds a run already.`);
    mkdirSync(this.file('speeds'), { recursive: true });
    await this.writeJson('run.json', describeMachine());
    await this.write('config.yaml', stringify(config));
  }

  /** @throws Error that names the file, where it is missing or not valid */
  readConfig(): TrainConfig {
    if (!existsSync(this.configFile)) throw new Error(`${this.path} is no run: it has no config.yaml. List the runs: la-ssl runs <folder>`);
    const parsed = trainConfigSchema.safeParse(parse(readFileSync(this.configFile, 'utf8')));
    if (!parsed.success) {
      throw new Error(
        `${this.configFile} is not valid: ${parsed.error.issues.map((i) => i.message).join('; ')}`,
      );
    }
    return parsed.data;
  }

  /** Appends a line to the metrics. */
  log(event: MetricsEvent): void {
    appendFileSync(this.metricsFile, `${JSON.stringify(event)}\n`);
  }

  get metricsLength(): number {
    return existsSync(this.metricsFile) ? statSync(this.metricsFile).size : 0;
  }

  /** Drops what was logged, and which speeds were written, after a checkpoint. */
  rewind({ metricsLength, epoch }: { metricsLength: number; epoch: number }): void {
    if (existsSync(this.metricsFile))
      truncateSync(this.metricsFile, Math.min(metricsLength, this.metricsLength));
    for (const name of existsSync(this.file('speeds')) ? readdirSync(this.file('speeds')) : []) {
      const written = /^epoch-(\d+)\.parquet$/.exec(name)?.[1];
      if (written === undefined || Number(written) > epoch) rmSync(join(this.file('speeds'), name));
    }
  }

  /** @returns the lines of the metrics; a last line that a kill cut short is left out */
  readMetrics(): MetricsEvent[] {
    if (!existsSync(this.metricsFile)) return [];
    const text = readFileSync(this.metricsFile, 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as MetricsEvent);
  }

  /** Writes a whole file, or none. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const partial = this.file(`${name}.${process.pid}.partial`);
    try {
      await writeFile(partial, content);
      await rename(partial, this.file(name));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** Code, machine and time of a run. */
function describeMachine(): Record<string, unknown> {
  return {
    started: new Date().toISOString(),
    commit: commitOfCode(),
    node: process.version,
    libtorch: libtorchVersion,
    processor: cpus()[0]?.model ?? arch(),
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

/** @returns the git commit of this code, with `+` where files differ from it; null where it is not in git */
function commitOfCode(): string | null {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', dirname(fileURLToPath(import.meta.url)), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '')
    );
  } catch {
    return null;
  }
}
