import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fromData, loadSafetensors, noGrad, saveSafetensors, scope } from '@la-ssl/torch';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { evalTransform } from '../augment/index.js';
import { drawShapes, imagesAt } from '../data/index.js';
import { loadEncoder } from '../models/index.js';
import { RunFolder } from '../training/index.js';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-export-'));
after(() => rmSync(folder, { recursive: true }));
let run: string;
before(async () => {
  run = await trainTiny(folder, 'tiny');
});

test('export writes the weights of the run, and what they must be used with', async () => {
  const file = join(folder, 'tiny.safetensors');
  const { status, stdout } = await laSsl('export', run, '--output', file, '--json');
  assert.equal(status, 0);
  const result = JSON.parse(stdout);
  assert.deepEqual([result.file, result.format, result.features], [file, 'safetensors', 64]);
  assert.deepEqual(result.options, { stem: 'imagenet', width: 8, channels: 3 });
  scope(() => {
    const { tensors, metadata } = loadSafetensors(file);
    const own = loadSafetensors(join(run, 'encoder.safetensors')).tensors;
    assert.deepEqual([...tensors.keys()], [...own.keys()]);
    for (const [name, tensor] of tensors) assert.deepEqual(tensor.tolist(), own.get(name)!.tolist(), name);
    assert.deepEqual(JSON.parse(metadata.mean!), [0.4914, 0.4822, 0.4465]);
    assert.deepEqual(JSON.parse(metadata.std!), [0.247, 0.2435, 0.2616]);
    assert.deepEqual(JSON.parse(metadata.image_size!), [24, 24]);
    const dataset = JSON.parse(metadata.dataset!);
    assert.deepEqual([dataset.name, dataset.examples, dataset.alignedShare], ['shapes', 96, 0.75]);
  });
});

test('export writes ONNX that gives the features of the run’s images', async () => {
  const file = join(folder, 'tiny.onnx');
  const { status, stdout } = await laSsl('export', run, '--output', file);
  assert.equal(status, 0);
  assert.match(stdout, /tiny\.onnx: resnet18, 64 features/);
  await laSsl('export', run, '--output', join(folder, 'again.safetensors'));
  const { encoder, info } = loadEncoder(join(folder, 'again.safetensors'));
  const dataset = drawShapes('test', { name: 'shapes', testExamples: 5 });
  const { images, expected } = scope(() => {
    const bytes = fromData(imagesAt(dataset, [0, 1, 2, 3, 4]), [5, 3, 24, 24]);
    const input = evalTransform(info.normalization)(bytes);
    const output = noGrad(() => encoder.eval().forward(input));
    return { images: input.data() as Float32Array, expected: output.data() as Float32Array };
  });
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const { features } = await session.run({ images: new OnnxTensor('float32', images, [5, 3, 24, 24]) });
  const actual = features!.data as Float32Array;
  assert.ok(Math.max(...expected) > 0.1);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(value - actual[i]!) < 1e-4);
  });
  await session.release();
});

test('a file that export wrote is exported like its run', async () => {
  const [weights, fromRun, fromFile] = ['w.safetensors', 'run.onnx', 'file.onnx'].map((f) => join(folder, f));
  await laSsl('export', run, '--output', weights!);
  await laSsl('export', run, '--output', fromRun!);
  assert.equal((await laSsl('export', weights!, '--format', 'onnx', '--output', fromFile!)).status, 0);
  assert.deepEqual(readFileSync(fromFile!), readFileSync(fromRun!));
});

test('a run is exported alike whether its encoder describes itself or only its options do', async () => {
  const [weights, first, second] = ['d.safetensors', 'd1.onnx', 'd2.onnx'].map((f) => join(folder, f));
  await laSsl('export', run, '--output', weights!);
  const copy = join(folder, 'copy');
  cpSync(run, copy, { recursive: true });
  cpSync(weights!, join(copy, 'encoder.safetensors'));
  await laSsl('export', copy, '--output', first!);
  scope(() => saveSafetensors(join(copy, 'encoder.safetensors'), loadSafetensors(weights!).tensors));
  await laSsl('export', copy, '--output', second!);
  assert.deepEqual(readFileSync(second!), readFileSync(first!));
});

test('export refuses what is no finished run', async () => {
  const missing = await laSsl('export', join(folder, 'none'));
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /none does not exist\. List the runs: la-ssl runs/);
  const bare = await laSsl('export', folder);
  assert.equal(bare.status, 1);
  assert.match(bare.stderr, /is no run: it has no config\.yaml/);
  const unfinished = new RunFolder(join(folder, 'unfinished'));
  await unfinished.create(new RunFolder(run).readConfig());
  const { status, stderr } = await laSsl('export', unfinished.path);
  assert.equal(status, 1);
  assert.match(stderr, /unfinished is not finished\. Go on with it: la-ssl train --resume .*unfinished/);
});

test('export refuses an output that cannot be meant, and writes nothing', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const refusals: [string[], RegExp][] = [
    [['--format', 'pickle'], /--format.*'pickle' is invalid.*safetensors, onnx/],
    [['--output', join(empty, 'x.pt')], /x\.pt: its ending names no format.*\.safetensors or \.onnx/],
    [['--output', join(empty, 'x.onnx'), '--format', 'safetensors'], /x\.onnx: --format is safetensors/],
    [['--output', join(empty, 'deep/x.onnx')], /there is no folder .*deep\. Make it first: mkdir -p .*deep/],
    [['--output', empty, '--format', 'onnx'], /empty: this is a folder/],
  ];
  for (const [flags, message] of refusals) {
    const { status, stdout, stderr } = await laSsl('export', run, ...flags);
    assert.deepEqual([status, stdout], [2, ''], flags.join(' '));
    assert.match(stderr, message);
  }
  assert.deepEqual(readdirSync(empty), []);
  assert.equal(existsSync('tiny.safetensors'), false);
});
