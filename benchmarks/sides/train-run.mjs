/**
 * Our side of `works/epoch.mjs` and `works/la-ssl-cost.mjs`: a whole run, as `la-ssl train` does it, in a folder that is removed.
 * It prints `{ version, threads }` once the data set is in memory, then for each line, a seed, `{ ms, cpuMs, loss, slower }`: the
 * mean loss of the last epoch, and the AUROC of speeds at the last update: that a conflicting image is slower.
 * `--export FILE` writes the images, `[N, 3, H, W]` bytes, for the other side.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { libtorchVersion } from '@la-ssl/torch';
import { loadSplit } from 'la-ssl/data';
import { datasetSpecOf, pretrain, RunFolder, resolveConfig, trainConfigSchema } from 'la-ssl/training';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({
  options: { config: { type: 'string', default: '{}' }, export: { type: 'string' } },
});
const given = trainConfigSchema.parse(JSON.parse(options.config));
const { threads, ...resolved } = resolveConfig(given);
const dataset = await loadSplit(datasetSpecOf(resolved), 'train');
if (options.export) writeFileSync(options.export, dataset.images.subarray(0, dataset.images.length));

await serve({ version: libtorchVersion, threads }, async (line) => {
  const config = { ...given, seed: Number(line) };
  const parent = mkdtempSync(join(tmpdir(), 'benchmark-run-'));
  const events = [];
  const { ms, cpuMs } = await timed(async () => {
    const folder = new RunFolder(join(parent, 'run'));
    await folder.create(config);
    await pretrain(resolveConfig(config), { dataset, folder, onEvent: (event) => events.push(event) });
  });
  rmSync(parent, { recursive: true });
  const last = (kind) => events.findLast((event) => event.kind === kind);
  const slower = last('update')?.conflictingIsSlower ?? null;
  return { ms, cpuMs, loss: last('epoch').loss, slower };
});
