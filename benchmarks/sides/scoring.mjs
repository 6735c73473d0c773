/**
 * The full pass: the speed of every example of a data set under an untrained network. `--config` has the run's options as JSON.
 * It prints `{ version, threads }`, then scores once for each line and answers `{ ms, cpuMs, peakMB, mean }`, the latter of the
 * similarities.
 */
import { parseArgs } from 'node:util';
import { libtorchVersion } from '@la-ssl/torch';
import { loadSplit } from 'la-ssl/data';
import { createRun, datasetSpecOf, resolveConfig, scoreExamples, trainConfigSchema } from 'la-ssl/training';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({ options: { config: { type: 'string', default: '{}' } } });
const config = resolveConfig(trainConfigSchema.parse(JSON.parse(options.config)));
const { seed, batchSize, viewsPerScore, threads } = config;
const dataset = await loadSplit(datasetSpecOf(config), 'train');
const { method, makeViews } = createRun(config, dataset);

let pass = 0;
await serve({ version: libtorchVersion, threads }, async () => {
  const scoring = { method, dataset, makeViews, seed, batchSize, viewsPerScore, pass: pass++ };
  const { result, ...time } = await timed(() => scoreExamples(scoring));
  return { ...time, mean: result.reduce((sum, value) => sum + value, 0) / result.length };
});
