import { test } from 'node:test';
import { einsum, Generator, randn, scope } from '../index.js';
import { assertAllclose } from '../testing.js';
import { Conv2d } from './conv2d.js';

test('a strided 1×1 convolution of few channels in channels-last has its gradient, and harms no memory', () => {
  const generator = new Generator(1);
  for (const channels of [2, 3, 4, 6, 7, 8, 12]) {
    const conv = new Conv2d(channels, 2 * channels, 1, { stride: 2, generator });
    // One wrong write goes unnoticed; libtorch 1.13 aborted within some ten of these.
    for (let repeat = 0; repeat < 20; repeat++) {
      scope(() => {
        const input = randn([16, channels, 12, 12], { generator })
          .contiguous({ memoryFormat: 'channelsLast' })
          .requiresGrad_();
        const output = conv.forward(input);
        conv.weight.grad = null;
        output.mul(output).sum().div(2).backward(); // the gradient of the output is the output itself
        const every2nd = input.detach().slice({ dim: 2, step: 2 }).slice({ dim: 3, step: 2 });
        const weight = conv.weight.detach().flatten({ startDim: 1 });
        const expected = einsum('oi,nihw->nohw', [weight, every2nd]);
        assertAllclose(output.detach(), expected, { rtol: 1e-4, atol: 1e-4 });
        const gradient = einsum('nohw,nihw->oi', [expected, every2nd]);
        assertAllclose(conv.weight.grad!.flatten({ startDim: 1 }), gradient, { rtol: 1e-3, atol: 1e-2 });
        const inputGradient = input.grad!.slice({ dim: 2, step: 2 }).slice({ dim: 3, step: 2 });
        assertAllclose(inputGradient, einsum('oi,nohw->nihw', [weight, expected]), {
          rtol: 1e-3,
          atol: 1e-3,
        });
      });
    }
    conv.dispose();
  }
});
