import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { Generator, noGrad, scope } from '@la-ssl/torch';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { loadNoise, noise } from '../../models/formula-noise.test.support.js';
import { createEncoder, ENCODERS, type EncoderInfo } from '../../models/index.js';
import { OPSET, onnxModel } from './index.js';

interface Case {
  encoder: EncoderInfo['encoder'];
  options: EncoderInfo['options'];
  imageSize: [number, number];
  /** Leave the first weights as they are: noise for the largest would take seconds. */
  fresh?: true;
}

const small = { width: 8, channels: 3 } as const;
const vit = { depth: 2, patchSize: 4, channels: 3 } as const;
const CASES: Record<string, Case> = {
  'ResNet-18, cifar stem': {
    encoder: 'resnet18',
    options: { ...small, stem: 'cifar' },
    imageSize: [16, 16],
  },
  'ResNet-18, imagenet stem, gray': {
    encoder: 'resnet18',
    options: { ...small, stem: 'imagenet', channels: 1 },
    imageSize: [32, 48],
  },
  'ResNet-34, imagenet stem': {
    encoder: 'resnet34',
    options: { ...small, stem: 'imagenet' },
    imageSize: [32, 32],
  },
  'ResNet-50, cifar stem': {
    encoder: 'resnet50',
    options: { ...small, stem: 'cifar' },
    imageSize: [16, 16],
  },
  'ResNet-50, imagenet stem': {
    encoder: 'resnet50',
    options: { ...small, stem: 'imagenet' },
    imageSize: [32, 32],
  },
  'ViT-Tiny, class token': { encoder: 'vit-tiny', options: { ...vit, imageSize: 12 }, imageSize: [12, 12] },
  'ViT-Small, mean of the patches, fixed positions': {
    encoder: 'vit-small',
    options: { ...vit, imageSize: 12, pooling: 'avg', positions: 'sincos' },
    imageSize: [12, 12],
  },
  'ViT-Base': {
    encoder: 'vit-base',
    options: { ...vit, depth: 1, imageSize: 8 },
    imageSize: [8, 8],
    fresh: true,
  },
  'ViT-Tiny on images of another size': {
    encoder: 'vit-tiny',
    options: { ...vit, imageSize: 12 },
    imageSize: [8, 16],
  },
};

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-onnx-'));
after(() => rmSync(folder, { recursive: true }));

/** Names of the weights that each model must hold. */
const weightNames = new Map<string, string[]>();

/** An encoder of noise, which nothing makes equal by chance. */
function makeEncoder({ encoder, options, fresh }: Case) {
  return scope(() => {
    const made = createEncoder(encoder, { ...options, generator: new Generator(0) });
    return fresh ? made : loadNoise(made);
  });
}

function infoOf({ encoder, options, imageSize }: Case): EncoderInfo {
  return {
    ...{ encoder, options, imageSize },
    normalization: { mean: [0.5], std: [0.25] },
    dataset: { name: 'shapes', examples: 8 },
    method: 'simclr',
    precision: 'float32',
  };
}

describe('onnxruntime computes the features of the encoder', () => {
  it('of every encoder that there is', () => {
    assert.deepEqual(new Set(Object.values(CASES).map(({ encoder }) => encoder)), new Set(ENCODERS));
  });
  for (const [name, settings] of Object.entries(CASES)) {
    it(name, async () => {
      const encoder = makeEncoder(settings);
      const model = onnxModel(encoder.train(), infoOf(settings), '1.2.3');
      writeFileSync(join(folder, `${name}.onnx`), model);
      weightNames.set(name, [...encoder.stateDict().keys()]);
      const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
      assert.deepEqual([session.inputNames, session.outputNames], [['images'], ['features']]);
      const { channels = 3 } = settings.options;
      for (const batch of [1, 5]) {
        const shape = [batch, channels, ...settings.imageSize];
        const { images, expected } = scope(() => {
          const input = noise(shape, 1000 + batch);
          const output = noGrad(() => encoder.eval().forward(input));
          return { images: input.data() as Float32Array, expected: output.data() as Float32Array };
        });
        const { features } = await session.run({ images: new OnnxTensor('float32', images, shape) });
        assert.deepEqual(features!.dims, [batch, encoder.features]);
        const actual = features!.data as Float32Array;
        const scale = Math.max(...expected.map(Math.abs));
        const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
        assert.ok(scale > 0.1 && worst <= 1e-5 * scale, `batch ${batch}: off by ${worst}, scale ${scale}`);
      }
      await session.release();
      encoder.dispose();
    });
  }

  it('of images of another size, where the encoder takes them', async () => {
    const settings = CASES['ResNet-18, cifar stem']!;
    const encoder = makeEncoder(settings).eval();
    const session = await InferenceSession.create(onnxModel(encoder, infoOf(settings), '1.2.3'));
    const { images, expected } = scope(() => {
      const input = noise([2, 3, 20, 28], 7);
      return {
        images: input.data() as Float32Array,
        expected: noGrad(() => encoder.forward(input)).tolist(),
      };
    });
    const { features } = await session.run({ images: new OnnxTensor('float32', images, [2, 3, 20, 28]) });
    (expected as number[][]).flat().forEach((value, i) => {
      assert.ok(Math.abs(value - (features!.data as Float32Array)[i]!) < 1e-4);
    });
    await session.release();
    encoder.dispose();
  });
});

/** Debian's python3-onnx: the official checker, shape inference included, and what it reads. */
const CHECK = `
import json, sys, onnx
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    value = lambda v: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
    print(json.dumps({
        "opset": [[o.domain, o.version] for o in model.opset_import], "ir": model.ir_version,
        "producer": [model.producer_name, model.producer_version],
        "input": value(model.graph.input[0]), "output": value(model.graph.output[0]),
        "metadata": {p.key: p.value for p in model.metadata_props},
        "weights": sorted(i.name for i in model.graph.initializer),
    }))
`;
const hasChecker = spawnSync('/usr/bin/python3', ['-c', 'import onnx']).status === 0;

test('the ONNX checker accepts every model, and reads what was said', {
  skip: hasChecker ? false : 'python3-onnx is not installed',
}, () => {
  const names = Object.keys(CASES);
  const files = names.map((name) => join(folder, `${name}.onnx`));
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', CHECK, ...files], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  stdout
    .trim()
    .split('\n')
    .forEach((line, i) => {
      const settings = CASES[names[i]!]!;
      const read = JSON.parse(line);
      assert.deepEqual(read.opset, [['', OPSET]]);
      assert.deepEqual([read.ir, read.producer], [8, ['la-ssl', '1.2.3']]);
      const isVit = settings.encoder.startsWith('vit');
      const sides = isVit ? settings.imageSize : ['height', 'width'];
      assert.deepEqual(read.input, ['batch', settings.options.channels, ...sides]);
      assert.equal(read.output[0], 'batch');
      assert.equal(read.metadata.encoder, settings.encoder);
      assert.equal(read.metadata.mean, '[0.5]');
      assert.equal(read.metadata.features, String(read.output[1]));
      const encoder = makeEncoder(settings);
      const weights = [...encoder.stateDict().keys()].filter((name) => !name.endsWith('batches_tracked'));
      for (const weight of weights) assert.ok(read.weights.includes(weight), `${weight} kept its name`);
      encoder.dispose();
    });
});
