/** @file Runs that start from a file of weights (`init`). */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadSafetensors, scope } from '@la-ssl/torch';
import { METHODS, type MethodName } from '../methods/index.js';
import { createEncoder, saveEncoder } from '../models/index.js';
import { encoderInfoOf } from './encoder-info.js';
import { pretrain } from './pretrain.js';
import { createRun, encoderOptionsOf } from './setup.js';
import { dataset, goOn, newRun, resultOf, temporaryFolder, tinyConfig } from './tiny-run.test.support.js';

/** An encoder of the tiny runs in a file. */
function weightsFile(folder: string): string {
  const file = join(folder, 'weights.safetensors');
  const config = tinyConfig();
  const encoder = createEncoder(config.encoder, encoderOptionsOf(config, dataset.shape));
  saveEncoder(file, encoder, encoderInfoOf(config, dataset.shape));
  encoder.dispose();
  return file;
}

describe('a run with init', () => {
  it('starts there with every encoder that it has, momentum encoders too', () => {
    for (const method of Object.keys(METHODS) as MethodName[]) {
      if (method === 'mae') continue; // takes none of these encoders
      let seen = 0;
      const parts = createRun(tinyConfig({ method, projections: undefined }), dataset, (encoder) => {
        seen++;
        scope(() => {
          for (const parameter of encoder.parameters()) parameter.detach().fill_(0.25);
        });
      });
      const weights = [...parts.method.stateDict()].filter(([name]) =>
        /encoder.*layer4\.1\.conv2\.weight$/.test(name),
      );
      assert.ok(weights.length >= 1 && weights.length === seen, `${method}: ${seen} encoders`);
      scope(() => {
        for (const [name, weight] of weights)
          assert.equal(weight.sub(0.25).abs().sum().item(), 0, `${method}, ${name}`);
      });
      parts.method.dispose();
    }
  });

  it('trains from the weights of the file, and needs it no more once it has a checkpoint', async (t) => {
    const file = weightsFile(temporaryFolder(t));
    const run = await newRun(t, { init: file, lr: 1e-30 });
    assert.equal(await goOn(run, (event) => event.kind === 'epoch'), 'interrupted');
    renameSync(file, `${file}.moved`);
    assert.equal(await goOn(run), 'finished');
    scope(() => {
      const [trained, given] = [loadSafetensors(run.folder.encoderFile), loadSafetensors(`${file}.moved`)];
      for (const name of ['conv1.weight', 'layer4.1.conv2.weight']) {
        assert.deepEqual(trained.tensors.get(name)!.tolist(), given.tensors.get(name)!.tolist(), name);
      }
    });
    const other = await newRun(t, { lr: 1e-30 });
    await goOn(other);
    assert.notEqual(resultOf(other.folder).encoder, resultOf(run.folder).encoder);
  });

  it('is refused before it begins where the weights do not fit or are none', async (t) => {
    const folder = temporaryFolder(t);
    const wide = await newRun(t, { init: weightsFile(folder), width: 8 });
    await assert.rejects(
      pretrain(wide.config, { dataset, folder: wide.folder }),
      /weights\.safetensors is not of this encoder/,
    );
    assert.equal(wide.folder.hasBegun, false);
    const none = join(folder, 'none.safetensors');
    writeFileSync(none, 'no weights');
    for (const file of [none, join(folder, 'missing.safetensors')]) {
      const run = await newRun(t, { init: file });
      await assert.rejects(pretrain(run.config, { dataset, folder: run.folder }), new RegExp(file));
    }
  });
});
