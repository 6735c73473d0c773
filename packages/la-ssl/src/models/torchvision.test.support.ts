/** @file Weights to torchvision and back, through a real one (Debian: python3-torchvision); without it, skipped. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Generator, loadSafetensors, noGrad, saveSafetensors, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { loadNoise, noise } from './formula-noise.test.support.js';
import { ResNet, type ResNetOptions } from './index.js';

const script = fileURLToPath(new URL('../../fixtures/models/through_torchvision.py', import.meta.url));

/** A Python that has torchvision; it is looked for, not imported, which would take seconds. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) =>
    spawnSync(command, [
      '-c',
      'import importlib.util; assert importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision")',
    ]).status === 0,
);

/** Declares the test for a depth: ours loads into theirs with strict=True, theirs into ours, the features are the same. */
export function testThroughTorchvision(depth: ResNetOptions['depth']): void {
  const skip = python ? false : 'no Python with torchvision';
  test(`ResNet-${depth} goes to torchvision and back with the same features`, { skip }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'la-ssl-torchvision-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const read = (name: string) => loadSafetensors(join(folder, `${name}.safetensors`)).tensors;
    scope(() => {
      const encoder = loadNoise(new ResNet({ depth, generator: new Generator(0) }));
      saveSafetensors(join(folder, `ours-${depth}.safetensors`), encoder.stateDict());
      const { status, stderr } = spawnSync(python!, ['-B', script, folder, String(depth)], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const features = read('features');
      const assertSame = (whose: string): void => {
        const own: Tensor = noGrad(() => encoder.eval().forward(noise([2, 3, 64, 64], 1000)));
        assertAllclose(own, features.get(`${whose}-${depth}`)!, { rtol: 1e-4, atol: 1e-4 });
      };
      assertSame('ours');
      encoder.loadStateDict(read(`theirs-${depth}`));
      assertSame('theirs');
      encoder.dispose();
    });
  });
}
