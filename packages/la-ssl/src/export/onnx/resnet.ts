/** @file A ResNet of any depth as an ONNX graph; its blocks are read off the names and shapes of its weights. */
import type { GraphBuilder, Value } from './graph.js';

/** PyTorch's default, which every batch norm of `models/resnet.ts` has. */
const EPSILON = 1e-5;

/**
 * Batch norm is exported in inference form, by its running statistics.
 * @param images - `[N, C, H, W]`, normalised
 * @returns features `[N, F]`
 */
export function resnetGraph(graph: GraphBuilder, images: Value): Value {
  let x = convolution(graph, images, 'conv1', 'bn1', isPooled(graph) ? 2 : 1);
  x = relu(graph, x, 'relu');
  if (isPooled(graph)) {
    x = graph.node('MaxPool', 'maxpool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  }
  for (let stage = 1; graph.has(`layer${stage}.0.conv1.weight`); stage++) {
    for (let i = 0; graph.has(`layer${stage}.${i}.conv1.weight`); i++) {
      x = block(graph, x, `layer${stage}.${i}`, stage > 1 && i === 0 ? 2 : 1);
    }
  }
  x = graph.node('GlobalAveragePool', 'avgpool', [x]);
  return graph.node('Flatten', 'flatten', [x], { axis: 1 });
}

/** The stem for large images is told by its 7×7 convolution. */
function isPooled(graph: GraphBuilder): boolean {
  return graph.shapeOf('conv1.weight')[2] === 7;
}

/** `relu(x + f(x))`. The stride is that of the first 3×3 convolution. */
function block(graph: GraphBuilder, x: Value, path: string, stride: number): Value {
  const isBottleneck = graph.has(`${path}.conv3.weight`);
  const strides = isBottleneck ? [1, stride, 1] : [stride, 1];
  const residual = strides.reduce((hidden, step, i) => {
    const input = i === 0 ? hidden : relu(graph, hidden, `${path}.relu${i}`);
    return convolution(graph, input, `${path}.conv${i + 1}`, `${path}.bn${i + 1}`, step);
  }, x);
  const shortcut = graph.has(`${path}.downsample.0.weight`)
    ? convolution(graph, x, `${path}.downsample.0`, `${path}.downsample.1`, stride)
    : x;
  const sum = graph.node('Add', `${path}.add`, [residual, shortcut]);
  return relu(graph, sum, `${path}.relu`);
}

/** A convolution that keeps the size but for its stride, and the batch norm that follows. */
function convolution(graph: GraphBuilder, x: Value, conv: string, norm: string, stride: number): Value {
  const kernel = graph.shapeOf(`${conv}.weight`)[2]!;
  const pad = Math.floor(kernel / 2);
  const y = graph.node('Conv', conv, [x, graph.weight(`${conv}.weight`)], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
  });
  const statistics = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    graph.weight(`${norm}.${part}`),
  );
  return graph.node('BatchNormalization', norm, [y, ...statistics], { epsilon: { float: EPSILON } });
}

function relu(graph: GraphBuilder, x: Value, name: string): Value {
  return graph.node('Relu', name, [x]);
}
