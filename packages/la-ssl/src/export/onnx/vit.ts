/**
 * @file A vision transformer as an ONNX graph, for images of one size. Its blocks are read off the names of its
 * weights; how many heads it has, no weight tells.
 */
import { cat } from '@la-ssl/torch';
import { type EncoderInfo, resamplePositions } from '../../models/index.js';
import { NORM_EPS } from '../../models/transformer-block.js';
import type { GraphBuilder, Value } from './graph.js';

/**
 * @param images - `[N, C, H, W]`, normalised; H and W are those of `imageSize`
 * @returns features `[N, F]`
 */
export function vitGraph(
  graph: GraphBuilder,
  images: Value,
  { imageSize, options, heads }: Pick<EncoderInfo, 'imageSize' | 'options'> & { heads: number },
): Value {
  let x = tokens(graph, images, imageSize);
  for (let i = 0; graph.has(`blocks.${i}.attn.qkv.weight`); i++) x = block(graph, x, `blocks.${i}`, heads);
  x = layerNorm(graph, x, 'norm'); // [N, 1 + L, D]
  const [first, end] = options.pooling === 'avg' ? [1, 2 ** 31] : [0, 1];
  const ranges = Object.entries({ first, end, axis: 1 }).map(([name, value]) =>
    graph.integers(`pool.${name}`, [value]),
  );
  const pooled = graph.node('Slice', 'pool', [x, ...ranges]);
  return graph.node('ReduceMean', 'pool.mean', [pooled], { axes: [1], keepdims: 0 });
}

/** Class token and patches, each with its position: `[N, 1 + L, D]`. */
function tokens(graph: GraphBuilder, images: Value, [height, width]: readonly [number, number]): Value {
  const [size = 0, , side = 0] = graph.shapeOf('patch_embed.proj.weight');
  const inputs = [images, ...['weight', 'bias'].map((part) => graph.weight(`patch_embed.proj.${part}`))];
  const square = [side, side];
  let x = graph.node('Conv', 'patch_embed.proj', inputs, { kernel_shape: square, strides: square });
  x = graph.node('Reshape', 'patch_embed.flatten', [x, graph.integers('patch_embed.shape', [0, size, -1])]);
  x = graph.node('Transpose', 'patch_embed.transpose', [x], { perm: [0, 2, 1] });
  // One class token for each image: the token, as often as the first dimension of the patches says.
  const count = graph.node('Slice', 'cls_token.count', [
    graph.node('Shape', 'patch_embed.size', [x]),
    graph.integers('cls_token.first', [0]),
    graph.integers('cls_token.last', [1]),
  ]);
  const shape = graph.node(
    'Concat',
    'cls_token.shape',
    [count, graph.integers('cls_token.rest', [1, size])],
    {
      axis: 0,
    },
  );
  const token = graph.node('Expand', 'cls_token.expand', [graph.weight('cls_token'), shape]);
  x = graph.node('Concat', 'tokens', [token, x], { axis: 1 });
  return graph.node('Add', 'tokens.placed', [x, positions(graph, height / side, width / side)]);
}

/** The positional embeddings, of another grid than that of the weights where the images have another size. */
function positions(graph: GraphBuilder, rows: number, columns: number): Value {
  return graph.weight('pos_embed', (own) => {
    const length = own.shape[1]! - 1;
    const grid = Math.sqrt(length);
    if (rows === grid && columns === grid) return own;
    const patches = resamplePositions(own.narrow(1, 1, length).squeeze(0), rows, columns);
    return cat([own.narrow(1, 0, 1), patches.unsqueeze(0)], { dim: 1 });
  });
}

/** `x + attention(norm(x))`, then `x + mlp(norm(x))`. */
function block(graph: GraphBuilder, x: Value, path: string, heads: number): Value {
  const attended = attention(graph, layerNorm(graph, x, `${path}.norm1`), `${path}.attn`, heads);
  const sum = graph.node('Add', `${path}.add1`, [x, attended]);
  let hidden = linear(graph, layerNorm(graph, sum, `${path}.norm2`), `${path}.mlp.fc1`);
  hidden = gelu(graph, hidden, `${path}.mlp.gelu`);
  return graph.node('Add', `${path}.add2`, [sum, linear(graph, hidden, `${path}.mlp.fc2`)]);
}

function attention(graph: GraphBuilder, x: Value, path: string, heads: number): Value {
  const size = graph.shapeOf(`${path}.proj.weight`)[0]!;
  const reshape = (name: string, value: Value, shape: readonly number[]): Value =>
    graph.node('Reshape', `${path}.${name}`, [value, graph.integers(`${path}.${name}.shape`, shape)]);
  const transpose = (name: string, value: Value, perm: readonly number[]): Value =>
    graph.node('Transpose', `${path}.${name}`, [value], { perm });
  const multiply = (operator: string, name: string, a: Value, b: Value): Value =>
    graph.node(operator, `${path}.${name}`, [a, b]);

  const parts = graph.split(`${path}.qkv.split`, linear(graph, x, `${path}.qkv`), 2, 3);
  const [q, k, v] = parts.map((part, i) => reshape(`heads${i}`, part, [0, 0, heads, size / heads])) as [
    Value,
    Value,
    Value,
  ];
  const scale = graph.scalar(`${path}.scale`, Math.sqrt(heads / size));
  const query = multiply('Mul', 'q.scaled', transpose('q', q, [0, 2, 1, 3]), scale); // [N, heads, L, d]
  const scores = multiply('MatMul', 'scores', query, transpose('k', k, [0, 2, 3, 1])); // [N, heads, L, L]
  const weights = graph.node('Softmax', `${path}.softmax`, [scores], { axis: -1 });
  const attended = multiply('MatMul', 'attended', weights, transpose('v', v, [0, 2, 1, 3]));
  const joined = reshape('join', transpose('merge', attended, [0, 2, 1, 3]), [0, 0, size]); // [N, L, D]
  return linear(graph, joined, `${path}.proj`);
}

/** `x Wᵀ + b`. The weight stays as PyTorch has it; a runtime transposes it once, as it loads. */
function linear(graph: GraphBuilder, x: Value, path: string): Value {
  const weight = graph.node('Transpose', `${path}.transpose`, [graph.weight(`${path}.weight`)], {
    perm: [1, 0],
  });
  const product = graph.node('MatMul', `${path}.matmul`, [x, weight]);
  return graph.node('Add', path, [product, graph.weight(`${path}.bias`)]);
}

function layerNorm(graph: GraphBuilder, x: Value, path: string): Value {
  const inputs = [x, graph.weight(`${path}.weight`), graph.weight(`${path}.bias`)];
  return graph.node('LayerNormalization', path, inputs, { axis: -1, epsilon: { float: NORM_EPS } });
}

/** `x/2 (1 + erf(x / √2))`; opset 17 has no operator for it. */
function gelu(graph: GraphBuilder, x: Value, path: string): Value {
  const step = (operator: string, name: string, value: Value, by: number): Value =>
    graph.node(operator, `${path}.${name}`, [value, graph.scalar(`${path}.${name}.by`, by)]);
  const erf = graph.node('Erf', `${path}.erf`, [step('Mul', 'scaled', x, Math.SQRT1_2)]);
  return graph.node('Mul', path, [step('Mul', 'half', x, 0.5), step('Add', 'shifted', erf, 1)]);
}
