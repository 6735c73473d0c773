/** @file Worker threads: each computes for itself, tensors go over by `share`, and threads end cleanly. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Generator, liveTensorCount, noGrad, randn, scope, takeShared, tensor } from './index.js';
import { assertAllclose } from './testing.js';

/** What a worker is asked to do. This file is its own worker. */
type Task = { kind: 'compute'; seed: number } | { kind: 'double'; ticket: number } | { kind: 'spin' };

/** @returns a loss and the norm of its gradient, after some steps of gradient descent on random numbers */
function compute(seed: number): number[] {
  return scope(() => {
    const generator = new Generator(seed);
    const x = randn([64, 32], { generator });
    const w = randn([32, 8], { generator }).requiresGrad_();
    for (let step = 0; step < 20; step++) {
      scope(() => {
        w.grad = null;
        x.mm(w).tanh().square().mean().backward();
        noGrad(() => w.sub_(w.grad!.mul(0.1)));
      });
    }
    return [x.mm(w).square().mean().item(), w.grad!.norm().item()];
  });
}

function work(task: Task): void {
  const port = parentPort!;
  switch (task.kind) {
    case 'compute':
      port.postMessage(compute(task.seed));
      return;
    case 'double': {
      const taken = takeShared(task.ticket);
      noGrad(() => taken.mul_(2));
      port.postMessage(taken.add(1).share());
      return;
    }
    case 'spin':
      port.postMessage('spinning');
      for (const x = tensor([1]); ; ) x.add(1);
    default:
      task satisfies never;
  }
}

function start(task: Task): Worker {
  return new Worker(new URL(import.meta.url), { workerData: task });
}
async function answer<T>(worker: Worker): Promise<T> {
  const exit = once(worker, 'exit');
  const [message] = await once(worker, 'message');
  assert.deepEqual(await exit, [0]);
  return message as T;
}

/** Runs a program in a process of its own. @returns what it printed */
function run(program: string): string {
  const prelude = `import * as torch from ${JSON.stringify(new URL('./index.js', import.meta.url).href)};\n`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', prelude + program], {
    encoding: 'utf8',
  });
  assert.equal(child.status, 0, `${child.signal} ${child.stderr}`);
  assert.equal(child.stderr, '');
  return child.stdout;
}

if (isMainThread) {
  test('two workers and this thread compute at once, each the same as alone', async () => {
    const before = liveTensorCount();
    const seeds = [1, 2];
    const alone = seeds.map(compute);
    const workers = seeds.map((seed) => answer<number[]>(start({ kind: 'compute', seed })));
    const here = compute(1);
    assert.deepEqual(await Promise.all(workers), alone);
    assert.deepEqual(here, alone[0]);
    assert.equal(liveTensorCount(), before);
  });

  test('a shared tensor is the same memory on both sides', async () => {
    const x = tensor([1, 2]);
    const ticket = x.share();
    const back = takeShared(await answer<number>(start({ kind: 'double', ticket })));
    assertAllclose(x, [2, 4]);
    assertAllclose(back, [3, 5]);
    assert.throws(() => takeShared(ticket), /each can be taken once/);
  });

  test('a shared tensor outlives the one that shared it', () => {
    const x = tensor([5]);
    const ticket = x.share();
    x.dispose();
    assert.equal(takeShared(ticket).item(), 5);
  });

  test('a tensor itself cannot be posted', () => {
    const { port1, port2 } = new MessageChannel();
    assert.throws(() => port1.postMessage(tensor([1])), { name: 'DataCloneError' });
    port1.close();
    port2.close();
  });

  test('a worker that is terminated while it computes frees its tensors and harms nobody', async () => {
    const before = liveTensorCount();
    const worker = start({ kind: 'spin' });
    await once(worker, 'message');
    await worker.terminate();
    assert.ok(liveTensorCount() <= before, `${liveTensorCount()} tensors live, ${before} before`);
    assert.deepEqual(compute(1), compute(1));
  });

  test('a process ends cleanly with live tensors, graphs, generators and shared tensors', () => {
    const output = run(`
      globalThis.kept = [torch.randn([100]).requiresGrad_().square(), new torch.Generator(1)];
      torch.ones([3]).share();
      console.log('done');`);
    assert.equal(output, 'done\n');
  });

  test('a process that exits while a worker computes ends cleanly', () => {
    const worker = JSON.stringify(import.meta.url);
    const output = run(`
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL(${worker}), { workerData: { kind: 'spin' }, execArgv: [] });
      worker.once('message', () => { console.log(torch.ones([2]).sum().item()); process.exit(0); });`);
    assert.equal(output, '2\n');
  });

  test('an error in a worker arrives as an error', async () => {
    const worker = start({ kind: 'double', ticket: -1 });
    const [error] = await once(worker, 'error');
    assert.match((error as Error).message, /no tensor is shared under this number/);
  });
} else {
  work(workerData as Task);
}
