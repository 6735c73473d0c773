/**
 * @file A run is a folder: `config.yaml`, `run.json` (code, machine, time), of a user's images `images.json` (which), then
 * `metrics.jsonl`, `speeds/*.parquet`, `checkpoint.safetensors`, then `encoder.safetensors` and what the probe adds.
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
import { checkSafetensors, libtorchVersion, loadSafetensors, type nn, scope } from '@la-ssl/torch';
import { parse, stringify } from 'yaml';
import { codeOf } from '../code.js';
import { type TrainConfig, trainConfigSchema } from './config.js';
import type { MetricsEvent } from './events.js';
import { lockFolder } from './folder-lock.js';

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

  /** Whether the weights of a finished run are there to their last byte; only the header is read. */
  get hasWholeEncoder(): boolean {
    try {
      checkSafetensors(this.encoderFile);
      return true;
    } catch {
      return false;
    }
  }

  /** Puts the weights of a finished run into its encoder. @throws Error that names the file and says what to do */
  loadEncoder(encoder: nn.Module): void {
    try {
      scope(() => encoder.loadStateDict(loadSafetensors(this.encoderFile).tensors));
    } catch (error) {
      const text = (error as Error).message;
      const named = text.includes(this.encoderFile)
        ? text
        : `${this.encoderFile} does not fit the run: ${text}`;
      const again = `Remove it, and write it anew from the checkpoint: la-ssl train --resume ${this.path}`;
      throw new Error(`${named.replace(/\.$/, '')}. ${again}`, { cause: error });
    }
  }

  /** Whether anything was trained or measured. */
  get hasBegun(): boolean {
    return existsSync(this.metricsFile) || existsSync(this.checkpointFile);
  }

  /** Removes the folder and all that is in it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Makes the folder and writes what the run is. @throws Error where a run is there already */
  async create(config: TrainConfig): Promise<void> {
    if (this.status !== 'empty') throw new Error(`${this.path} holds a run already.`);
    mkdirSync(this.file('speeds'), { recursive: true });
    await this.writeJson('run.json', describeMachine());
    await this.write('config.yaml', stringify(config));
  }

  /**
   * Keeps other processes from training the same run. A lock that a killed process left is taken over.
   * @returns what releases it
   * @throws Error that names the process which trains it
   */
  lock(): () => void {
    return lockFolder(this.path, 'trained');
  }

  /** @throws Error that names the file and the option, where it is missing or not valid */
  readConfig(): TrainConfig {
    if (!existsSync(this.configFile)) {
      throw new Error(`${this.path} is no run: it has no config.yaml. List the runs: la-ssl runs <folder>`);
    }
    const problem = (text: string): Error => new Error(`${this.configFile} is not valid: ${text}`);
    let content: unknown;
    try {
      content = parse(readFileSync(this.configFile, 'utf8'));
    } catch (error) {
      throw problem((error as Error).message);
    }
    const parsed = trainConfigSchema.safeParse(content);
    if (parsed.success) return parsed.data;
    const list = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
    throw problem(list.join('; '));
  }

  /** Appends a line to the metrics. @throws Error that names the file, where the disk is full */
  log(event: MetricsEvent): void {
    try {
      appendFileSync(this.metricsFile, `${JSON.stringify(event)}\n`);
    } catch (error) {
      throw unwritable(this.metricsFile, error);
    }
  }

  get metricsLength(): number {
    return existsSync(this.metricsFile) ? statSync(this.metricsFile).size : 0;
  }

  /** Drops what was logged and written after a checkpoint, and files that a kill left half. */
  rewind({ metricsLength, epoch }: { metricsLength: number; epoch: number }): void {
    if (existsSync(this.metricsFile)) {
      truncateSync(this.metricsFile, Math.min(metricsLength, this.metricsLength));
    }
    for (const folder of [this.path, this.file('speeds')]) {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const update = /^epoch-(\d+)\.parquet$/.exec(name)?.[1];
        if (name.endsWith('.partial') || Number(update) > epoch) rmSync(join(folder, name));
      }
    }
  }

  /**
   * @returns the lines of the metrics; a last line that a kill cut short is left out
   * @throws Error that names file and line, where one is damaged
   */
  readMetrics(): MetricsEvent[] {
    if (!existsSync(this.metricsFile)) return [];
    const lines = readFileSync(this.metricsFile, 'utf8').split('\n').slice(0, -1);
    return lines.flatMap((line, i) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as MetricsEvent];
      } catch (error) {
        throw new Error(
          `${this.metricsFile}, line ${i + 1}, is damaged (${(error as Error).message}). ` +
            'Take the line out, or train the run anew.',
        );
      }
    });
  }

  /** Writes a whole file, or none. @throws Error that names the file, where the disk is full */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const partial = this.file(`${name}.${process.pid}.partial`);
    try {
      await writeFile(partial, content);
      await rename(partial, this.file(name));
    } catch (error) {
      await rm(partial, { force: true });
      throw unwritable(this.file(name), error);
    }
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** Node names the file when it cannot be opened, but not when the disk is full. */
function unwritable(file: string, error: unknown): Error {
  return new Error(`${file} could not be written: ${(error as Error).message}`, { cause: error });
}

/** Code, machine and time of a run. */
function describeMachine(): Record<string, unknown> {
  return {
    started: new Date().toISOString(),
    commit: commitOfCode(),
    code: codeOf('training'),
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
