/** @file Methods in float64, in which they can be held against a reference much closer than float32 rounds. */
import { call, type nn, scope } from '@la-ssl/torch';

/** Turns every float32 parameter and buffer into float64, in place, as PyTorch's `module.double()`. */
export function toFloat64<M extends nn.Module>(module: M): M {
  scope(() => {
    for (const tensor of module.stateDict().values()) {
      if (tensor.dtype === 'float32') call('aten::set_data', tensor, tensor.detach().to('float64'));
    }
  });
  return module;
}
