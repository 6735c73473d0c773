import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codeOf } from './code.js';

/** The compiled package. */
const dist = dirname(fileURLToPath(import.meta.url));

test('the code of a run follows what training needs, and nothing else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-code-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'node_modules'));
  mkdirSync(join(folder, 'node_modules/@la-ssl'));
  symlinkSync(
    fileURLToPath(new URL('../../torch', import.meta.url)),
    join(folder, 'node_modules/@la-ssl/torch'),
  );
  cpSync(dist, join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.map') });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const copy = (await import(pathToFileURL(join(folder, 'dist/code.js')).href)) as { codeOf: typeof codeOf };
  const codes = () => [copy.codeOf('training'), copy.codeOf('evaluation')] as const;
  const change = (file: string): void =>
    writeFileSync(join(folder, 'dist', file), '// changed', { flag: 'a' });

  const [training, evaluation] = codes();
  assert.match(training, /^[0-9a-f]{16}$/);
  assert.equal(training, codeOf('training'), 'wherever it lies');
  change('cli/train.js');
  change('index.js');
  assert.deepEqual(codes(), [training, evaluation]);
  change('evaluation/metrics.js');
  assert.equal(codes()[0], training);
  assert.notEqual(codes()[1], evaluation);
  for (const file of ['sampling/probabilities.js', 'data/corruptions/corruption-worker.js', 'random.js']) {
    const before = codes()[0];
    change(file);
    assert.notEqual(codes()[0], before, file);
  }
});
