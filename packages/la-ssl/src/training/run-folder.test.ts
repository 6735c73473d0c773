import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { trainConfigSchema } from './config.js';
import type { StepEvent } from './events.js';
import { RunFolder } from './run-folder.js';
import { newRun, temporaryFolder, tinyConfig } from './tiny-run.test.support.js';

const line = (step: number): StepEvent => ({ kind: 'step', epoch: 0, step, loss: 1 / 3, lr: 0.1 });

describe('RunFolder', () => {
  it('gives back the config that it was made with, numbers to the bit', async (t) => {
    for (const config of [tinyConfig({ lr: 0.1 + 0.2 }), trainConfigSchema.parse({ seed: 7 })]) {
      const folder = new RunFolder(join(temporaryFolder(t), 'run'));
      assert.equal(folder.status, 'empty');
      await folder.create(config);
      assert.equal(folder.status, 'unfinished');
      assert.deepEqual(folder.readConfig(), JSON.parse(JSON.stringify(config)));
    }
  });

  it('is made once: a second time it is left as it was', async (t) => {
    const { folder, config } = await newRun(t);
    const before = readFileSync(folder.file('run.json'), 'utf8');
    assert.match(before, /"libtorch": "\d/);
    await assert.rejects(folder.create({ ...config, lr: 9 }), /holds a run already/);
    assert.equal(readFileSync(folder.file('run.json'), 'utf8'), before);
    assert.equal(folder.readConfig().lr, config.lr);
  });

  it('is trained by one process at a time; the lock of a dead one is taken over', async (t) => {
    const { folder } = await newRun(t);
    const release = folder.lock();
    assert.throws(() => new RunFolder(folder.path).lock(), /is trained by process \d+ on .* remove .*lock/);
    release();
    const lockOf = (process: string): void => writeFileSync(folder.file('lock'), process);
    lockOf(`${hostname()} ${process.ppid}`); // alive
    assert.throws(() => folder.lock(), new RegExp(`by process ${process.ppid}`));
    lockOf(`elsewhere ${process.pid}`);
    assert.throws(() => folder.lock(), /on elsewhere right now/);
    const { pid } = spawnSync(process.execPath, ['--version']);
    for (const dead of [pid, process.pid]) {
      lockOf(`${hostname()} ${dead}`);
      folder.lock()();
    }
    assert.equal(existsSync(folder.file('lock')), false);
  });

  it('names file and option where the config is missing or wrong', async (t) => {
    const { folder } = await newRun(t);
    const reject = (text: string, pattern: RegExp): void => {
      writeFileSync(folder.configFile, text);
      assert.throws(
        () => folder.readConfig(),
        (error: Error) => error.message.includes(folder.configFile) && pattern.test(error.message),
      );
    };
    reject('lr: fast\n', /lr: .*expected number/);
    reject('batchSize: 1\ngamma: -2\n', /gamma: .*; batchSize: /);
    reject('learningRate: 0.1\n', /learningRate/);
    reject('lr: [0.1\n', /not valid/);
    assert.throws(() => new RunFolder(join(folder.path, 'none')).readConfig(), /is no run/);
  });

  it('leaves out a last line of the metrics that was cut short, and cuts it off on going on', async (t) => {
    const { folder } = await newRun(t);
    assert.deepEqual(folder.readMetrics(), []);
    folder.log(line(1));
    const metricsLength = folder.metricsLength;
    folder.log(line(2));
    appendFileSync(folder.metricsFile, '{"kind":"st');
    assert.deepEqual(folder.readMetrics(), [line(1), line(2)]);
    folder.rewind({ metricsLength, epoch: 0 });
    folder.log(line(3));
    assert.deepEqual(folder.readMetrics(), [line(1), line(3)]);
  });

  it('names the line of the metrics that is damaged', async (t) => {
    const { folder } = await newRun(t);
    folder.log(line(1));
    appendFileSync(folder.metricsFile, '{"kind":"st\n');
    folder.log(line(2));
    assert.throws(() => folder.readMetrics(), /metrics\.jsonl, line 2, is damaged .*Take the line out/);
  });

  it('drops later speeds and half files on going on, and nothing else', async (t) => {
    const { folder } = await newRun(t);
    const speeds = ['epoch-0003.parquet', 'epoch-0004.parquet', 'epoch-0005.parquet', 'notes.txt'];
    for (const name of [...speeds, 'epoch-0004.parquet.123.partial']) {
      writeFileSync(folder.file(`speeds/${name}`), '');
    }
    writeFileSync(folder.file('checkpoint.safetensors.123.partial'), '');
    folder.rewind({ metricsLength: 0, epoch: 4 });
    assert.deepEqual(readdirSync(folder.file('speeds')).sort(), [...speeds.slice(0, 2), 'notes.txt']);
    assert.deepEqual(readdirSync(folder.path).sort(), ['config.yaml', 'run.json', 'speeds']);
  });

  it('names the metrics where the disk is full', { skip: !existsSync('/dev/full') }, async (t) => {
    const { folder } = await newRun(t);
    symlinkSync('/dev/full', folder.metricsFile);
    assert.throws(() => folder.log(line(1)), /metrics\.jsonl could not be written: ENOSPC/);
  });

  it('writes a whole file or none', async (t) => {
    const { folder } = await newRun(t);
    await folder.writeJson('speeds.json', { a: [1, null] });
    assert.deepEqual(JSON.parse(readFileSync(folder.file('speeds.json'), 'utf8')), { a: [1, null] });
    await assert.rejects(folder.write('speeds', 'text'), /speeds could not be written: EISDIR/);
    assert.ok(!readdirSync(folder.path).some((name) => name.endsWith('.partial')));
  });
});
