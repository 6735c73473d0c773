import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Window, windowed } from './window.js';
import { windowOption } from './window-option.js';

test('a window is linear between its bounds, and flat outside of them', () => {
  const values = Uint16Array.of(0, 100, 101, 355, 356, 65535);
  assert.deepEqual([...windowed(values, '100:355')], [0, 0, 1, 255, 255, 255]);
  assert.deepEqual([...windowed(Uint16Array.of(0, 2048, 4095), '0:4095')], [0, 128, 255]);
});

test('auto takes the 0.5 % and 99.5 % quantiles', () => {
  // Of 0 to 1000 in any order they are 5 and 995.
  const values = Uint16Array.from({ length: 1001 }, (_, i) => (i * 701) % 1001);
  const seen = windowed(values, 'auto');
  values.forEach((value, i) => {
    const expected = Math.min(255, Math.max(0, ((value - 5) * 255) / 990));
    assert.ok(Math.abs(seen[i]! - expected) <= 0.5 + 1e-9, `${value} became ${seen[i]}`);
  });
  // numpy.quantile([0, 10], [0.005, 0.995]) is [0.05, 9.95]
  assert.deepEqual([...windowed(Uint16Array.of(0, 10), 'auto')], [0, 255]);
  assert.deepEqual([...windowed(new Uint16Array(50).fill(777), 'auto')], new Array(50).fill(0));
});

test('what is no window is refused', () => {
  for (const window of ['full', 'auto', '0:4095', '10:65535']) {
    assert.equal(windowOption.parse(window), window as Window);
  }
  for (const window of ['', 'wide', '5', '5:', '7:7', '9:3', '-1:5', '0:65536', '0.5:9', '0:1e9', '1:2:3']) {
    assert.ok(!windowOption.safeParse(window).success, window);
  }
  assert.match(
    windowOption.safeParse('9:3').error!.issues[0]!.message,
    /give auto, full, or black and white/,
  );
});
