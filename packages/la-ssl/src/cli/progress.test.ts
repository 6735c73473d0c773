import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { createProgress, formatCount, formatDuration } from './progress.js';

/** A stream as a terminal or a log file would be, and what was written to it. */
function screen(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

/** Sets the clock by hand, in seconds. */
function clockOf(t: TestContext): (seconds: number) => void {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  return (seconds) => {
    now = seconds * 1000;
  };
}

test('without a terminal: a line every ten seconds of the work, with share, rate and time left', (t) => {
  const setClock = clockOf(t);
  const { stream, text } = screen(false);
  const progress = createProgress('runs/a', 'examples', stream);
  for (let second = 1; second <= 25; second++) {
    setClock(second);
    progress.update(second * 20, 1000, 'epoch 1/2');
  }
  progress.line('a note');
  progress.stop();
  const lines = text().trimEnd().split('\n');
  assert.deepEqual(lines, [
    'runs/a 22% | epoch 1/2 | 20 examples/s, 0:39 left', // 10 s after the first
    'runs/a 42% | epoch 1/2 | 20 examples/s, 0:29 left',
    'a note',
  ]);
});

test('on a terminal: a bar with text, and lines above it that stay', (t) => {
  const setClock = clockOf(t);
  const { stream, text } = screen(true);
  const progress = createProgress('probe', 'examples', stream);
  setClock(1);
  progress.update(0, 100, 'features');
  progress.line('epoch 3: done');
  setClock(3);
  progress.update(50, 100, 'features');
  progress.stop();
  assert.match(text(), /epoch 3: done\n/);
  assert.match(text(), /probe \[.*\] 50% \| features \| 25 examples\/s, 0:02 left/);
});

test('durations and counts', () => {
  assert.deepEqual([0, 75, 3700, 59.6].map(formatDuration), ['0:00', '1:15', '1:01:40', '1:00']);
  assert.deepEqual([3.14, 12.3, 999, 12_345, 2_500_000].map(formatCount), [
    '3.1',
    '12',
    '999',
    '12.3k',
    '2.5M',
  ]);
});
