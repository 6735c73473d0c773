/** @file Who frees what, when; counted, not believed. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import {
  autocast,
  enableGrad,
  keep,
  liveTensorCount,
  noGrad,
  ones,
  openScope,
  scope,
  type Tensor,
  tensor,
} from './index.js';

let before = 0;
beforeEach(() => {
  before = liveTensorCount();
});
afterEach(() => assert.equal(liveTensorCount(), before));
const live = () => liveTensorCount() - before;

test('a scope frees what was made inside, but for what it returns', () => {
  const kept = scope(() => {
    const a = ones([2]);
    const b = a.add(1).mul(2);
    assert.equal(live(), 3);
    return b;
  });
  assert.equal(live(), 1);
  assert.deepEqual(kept.tolist(), [4, 4]);
  kept.dispose();
});

test('tensors leave a scope in arrays, objects, maps and sets, at any depth', () => {
  const result = scope(() => {
    ones([1]);
    return {
      list: [ones([1]), [ones([1])]],
      map: new Map([['a', ones([1])]]),
      set: new Set([ones([1])]),
      nothing: null,
      number: 3,
    };
  });
  assert.equal(live(), 4);
  const [first, [second] = []] = result.list as [Tensor, Tensor[]];
  for (const t of [first, second, ...result.map.values(), ...result.set]) t?.dispose();
});

test('what leaves an inner scope belongs to the outer one', () => {
  scope(() => {
    const inner = scope(() => {
      ones([1]);
      return ones([1]);
    });
    assert.equal(live(), 1);
    assert.ok(!inner.isDisposed);
  });
  assert.equal(live(), 0);
});

test('keep takes tensors out of every scope', () => {
  const kept = scope(() =>
    scope(() => {
      const one = keep(ones([1]));
      return { one, more: keep([one.add(1)]), not: one.add(2) && 0 };
    }),
  );
  assert.equal(live(), 2);
  scope(() => kept.one); // made outside: not this scope's to free
  assert.deepEqual(kept.one.tolist(), [1]);
  for (const t of [kept.one, ...kept.more]) t.dispose();
});

test('using ends a scope; release hands a tensor to the enclosing one', () => {
  scope(() => {
    {
      using s = openScope();
      ones([1]);
      const released = s.release(ones([1]));
      assert.equal(live(), 2);
      assert.ok(!released.isDisposed);
    }
    assert.equal(live(), 1);
  });
});

test('using frees a single tensor', () => {
  {
    using x = ones([2]);
    assert.equal(live(), 1);
    assert.deepEqual(x.tolist(), [1, 1]);
  }
  assert.equal(live(), 0);
});

test('an exception frees everything and passes through', () => {
  const failure = new Error('mine');
  assert.throws(
    () =>
      scope(() => {
        ones([1]);
        openScope(); // left open
        ones([1]);
        throw failure;
      }),
    failure,
  );
  assert.equal(live(), 0);
  const outside = ones([1]); // no scope is open any more that would free it
  assert.equal(live(), 1);
  outside.dispose();
});

test('a scope that ends before one opened inside of it throws, and both have ended', () => {
  const outer = openScope();
  const inner = openScope();
  ones([1]);
  assert.throws(() => outer.dispose(), /another, opened inside of it, was still open/);
  assert.equal(live(), 0);
  inner.dispose();
  outer.dispose();
  const outside = ones([1]);
  assert.equal(live(), 1);
  outside.dispose();
});

test('a scope and a mode refuse promises, whose failure then is no unhandled rejection', async () => {
  const fails = async () => {
    await null;
    throw new Error('late');
  };
  assert.throws(() => scope(fails), /scope\(\) takes a synchronous function/);
  assert.throws(() => noGrad(fails), /takes a synchronous function/);
  await new Promise((resolve) => setImmediate(resolve));
});

test('freeing twice is nothing, and a freed operand does not free the result', () => {
  const a = ones([2]).requiresGrad_();
  const b = a.square();
  const sum = b.sum();
  b.dispose();
  b.dispose();
  sum.backward(); // the graph holds what it needs
  const gradient = a.grad;
  assert.deepEqual(gradient?.tolist(), [2, 2]);
  assert.equal(live(), 3);
  for (const t of [a, sum, gradient]) t?.dispose();
});

test('a gradient lives with its tensor, and each look at it is freed with the scope', () => {
  const x = ones([2]).requiresGrad_();
  scope(() => {
    x.mul(3).sum().backward();
    assert.deepEqual(x.grad?.tolist(), [3, 3]);
    x.mul(3).sum().backward();
  });
  assert.equal(live(), 1);
  scope(() => assert.deepEqual(x.grad?.tolist(), [6, 6]));
  x.grad = null;
  assert.equal(x.grad, null);
  x.dispose();
});

test('modes last for their function, nested and after an exception', () => {
  scope(() => {
    const x = tensor([2]).requiresGrad_();
    assert.ok(x.mul(1).requiresGrad);
    noGrad(() => {
      assert.ok(!x.mul(1).requiresGrad);
      enableGrad(() => assert.ok(x.mul(1).requiresGrad));
      assert.ok(!x.mul(1).requiresGrad);
    });
    assert.throws(() => noGrad(() => x.mm(x)));
    assert.ok(x.mul(1).requiresGrad);
    const a = ones([2, 2]);
    autocast(() => {
      assert.equal(a.mm(a).dtype, 'bfloat16');
      assert.equal(autocast(() => a.mm(a), { enabled: false }).dtype, 'float32');
      assert.equal(a.mm(a).dtype, 'bfloat16');
    });
    assert.throws(() => autocast(() => a.mm(ones([3]))));
    assert.equal(a.mm(a).dtype, 'float32');
  });
});
