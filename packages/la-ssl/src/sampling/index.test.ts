import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const here = new URL('.', import.meta.url);

describe('the sampling room', () => {
  it('is usable alone: it imports itself and the random generator, nothing else', () => {
    const files = readdirSync(here).filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'));
    assert.ok(files.includes('index.js'));
    for (const file of files) {
      const imported = readFileSync(new URL(file, here), 'utf8').matchAll(/ from '([^']+)'/g);
      for (const [, from] of imported) assert.match(from!, /^(\.\/[\w-]+|\.\.\/random)\.js$/, file);
    }
    const random = readFileSync(new URL('../random.js', here), 'utf8');
    assert.doesNotMatch(random, /\bimport\b.* from /);
  });
});
