/** @file Memory stays flat: over training steps with scopes, and without them by the garbage collector. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import {
  crossEntropyLoss,
  liveTensorCount,
  maxPool2d,
  nn,
  optim,
  randint,
  randn,
  scope,
  type Tensor,
} from './index.js';

class SmallNet extends nn.Module {
  readonly #conv1 = this.child('conv1', new nn.Conv2d(3, 8, 3, { padding: 1 }));
  readonly #norm1 = this.child('norm1', new nn.BatchNorm(8));
  readonly #conv2 = this.child('conv2', new nn.Conv2d(8, 16, 3, { stride: 2 }));
  readonly #norm2 = this.child('norm2', new nn.BatchNorm(16));
  readonly #head = this.child('head', new nn.Linear(16, 10));

  forward(images: Tensor): Tensor {
    const x = maxPool2d(this.#norm1.forward(this.#conv1.forward(images)).relu(), 2);
    return this.#head.forward(this.#norm2.forward(this.#conv2.forward(x)).relu().mean([2, 3]));
  }
}

// What V8's optimising compiler takes, some 10 MB over the first thousand steps, is not what is measured here.
setFlagsFromString('--no-opt');

/** Resident memory of this process, in MB. */
function residentMB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}

test('2,000 training steps run in flat memory', async () => {
  const net = scope(() => new SmallNet());
  const optimizer = new optim.SGD(net.namedParameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 });
  const step = () =>
    scope(() => {
      const images = randn([8, 3, 12, 12]);
      const classes = randint(0, 10, [8], { dtype: 'int64' });
      optimizer.zeroGrad();
      const loss = crossEntropyLoss(net.forward(images), classes);
      loss.backward();
      optimizer.step();
      return loss.item();
    });
  const counts = new Set<number>();
  let [early, loss] = [0, 0];
  for (let i = 1; i <= 2000; i++) {
    loss = step();
    // What is left of a freed tensor, some hundred bytes, goes when the event loop turns.
    if (i % 10 === 0) await setImmediate();
    if (i === 200) early = residentMB();
    if (i > 1) counts.add(liveTensorCount());
  }
  const late = residentMB();
  assert.ok(Number.isFinite(loss));
  assert.equal(counts.size, 1, `live tensors: ${[...counts]}`);
  assert.ok(
    Math.abs(late - early) <= 0.05 * early,
    `${early.toFixed(1)} MB at step 200, ${late.toFixed(1)} at 2,000`,
  );
  net.dispose();
});

test('without a scope the garbage collector frees tensors, once the event loop turns', () => {
  const program = `
    import { liveTensorCount, ones } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)};
    for (let i = 0; i < 100; i++) ones([1]);
    const before = liveTensorCount();
    gc();
    await new Promise((resolve) => setTimeout(resolve));
    console.log(before, liveTensorCount());`;
  const args = ['--expose-gc', '--input-type=module', '-e', program];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const [before, after] = child.stdout.split(' ').map(Number);
  assert.equal(before, 100, child.stderr);
  assert.ok((after as number) <= 1, `${after} are left`); // a register may still hold the last one
});
