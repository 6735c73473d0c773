import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const here = new URL('.', import.meta.url);

describe('the sampling room', () => {
  it('is usable alone: it imports itself and the random generator, nothing else', () => {
    const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.js') && !file.endsWith('.test.js'),
    );
    assert.ok(files.includes('index.js'));
    assert.ok(files.some((file) => file.startsWith('scaling')));
    for (const file of files) {
      const text = readFileSync(new URL(file, here), 'utf8');
      for (const [, imported] of text.matchAll(/ from '([^']+)'/g)) {
        const from = new URL(imported!, new URL(file, here)).href;
        assert.ok(
          from.startsWith(here.href) || from === new URL('../random.js', here).href,
          `${file}: ${from}`,
        );
      }
    }
    const random = readFileSync(new URL('../random.js', here), 'utf8');
    assert.doesNotMatch(random, /\bimport\b.* from /);
  });
});
