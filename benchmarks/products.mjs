/**
 * What the processor reaches, and convolutions and linear layers of a training step: `node benchmarks/products.mjs --help`. It tells
 * how much of a step no code around the products can save.
 */
import {
  call,
  conv2d,
  Generator,
  hasFastBfloat16,
  linear,
  noGrad,
  ones,
  randn,
  scope,
  setThreads,
} from '@la-ssl/torch';
import { readOptions, wholeNumber } from './options.mjs';
import { table } from './tables.mjs';

const HELP = `Usage: node benchmarks/products.mjs [options]

Times the products of a training step, and those of large matrices, on one thread, by the processor's time: outputs, gradients of input
and weight, by our operators and by libtorch's. Of ResNet-18 with the CIFAR stem for 128 images of 32 × 32 (GFLOP/s counts a
convolution tap by tap, whatever way it is computed), and of the blocks of ViT-Tiny/4 for as many.

Options:
  --width <n>   channels of the ResNet's first stage (16)
  --repeat <n>  repetitions of each, of which the lower quartile counts (20)
  --help        this text
`;
const { options } = readOptions(HELP, {
  width: { type: 'string', default: '16' },
  repeat: { type: 'string', default: '20' },
});
const [width, repeat] = [wholeNumber(options, 'width'), wholeNumber(options, 'repeat')];
const IMAGES = 128;
const dtype = hasFastBfloat16() ? 'bfloat16' : 'float32';
const generator = new Generator(0);
setThreads(1);
// Memory that is new to the process costs as much as the work: half a gigabyte of it is had before.
scope(() => void ones([2 ** 27]));

const stages = [1, 2, 4, 8].map((factor, i) => ({ channels: width * factor, side: 32 / 2 ** i }));
/** `[inputs, outputs, side of the input, kernel, stride, how often]` */
const CONVOLUTIONS = [
  [3, width, 32, 3, 1, 1],
  [width, width, 32, 3, 1, 4],
  ...stages.slice(1).flatMap(({ channels, side }) => [
    [channels / 2, channels, 2 * side, 3, 2, 1],
    [channels / 2, channels, 2 * side, 1, 2, 1],
    [channels, channels, side, 3, 1, 3],
  ]),
];

const [TOKENS, BLOCKS, DIM] = [65, 12, 192];
/** `[inputs, outputs, whether it adds its bias itself]`: queries, keys and values; projection; the two of the MLP. */
const LINEARS = [
  [DIM, 3 * DIM, false],
  [DIM, DIM, true],
  [DIM, 4 * DIM, false],
  [4 * DIM, DIM, true],
];

/** @returns milliseconds of the processor: the lower quartile */
function timeOf(work) {
  const times = [];
  for (let i = -3; i < repeat; i++) {
    const started = process.cpuUsage();
    // What a scope returns outlives it; the next output would be in other memory.
    scope(() => void work());
    const { user, system } = process.cpuUsage(started);
    if (i >= 0) times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(repeat / 4)];
}

const values = (shape) => randn(shape, { generator }).to(dtype);

/**
 * @param own - `(x, weight) => output`, and `theirs`
 * @param gradients - libtorch's, of the input and of the weight: `(gradient) => …`
 * @param learnsInput - whether a gradient of the input is wanted
 */
function measure({ name, times, productsOf, x, weight, own, theirs, gradients, learnsInput = true }) {
  const gradient = values(own(x, weight).shape).contiguous({ memoryFormat: memoryFormatOf(x) });
  const [input, learned] = [x, weight].map((t) => t.detach().requiresGrad_());
  const backward = (of, output) =>
    timeOf(() => {
      output.backward({ gradient, retainGraph: true });
      of.grad = null;
    });
  return {
    ...{ name, times },
    gflop: (2 * gradient.shape.reduce((a, b) => a * b) * productsOf) / 1e9,
    ms: [
      timeOf(() => noGrad(() => own(x, weight))),
      timeOf(() => noGrad(() => theirs(x, weight))),
      learnsInput ? backward(input, own(input, weight)) : 0,
      learnsInput ? timeOf(() => gradients[0](gradient)) : 0,
      backward(learned, own(x, learned)),
      timeOf(() => gradients[1](gradient)),
    ],
  };
}

const memoryFormatOf = (x) => (x.shape.length === 4 ? 'channelsLast' : 'contiguous');

function convolution([inputs, outputs, side, kernel, stride, times]) {
  const padding = (kernel - 1) / 2;
  const [x, weight] = [
    [IMAGES, inputs, side, side],
    [outputs, inputs, kernel, kernel],
  ].map((shape) => values(shape).contiguous({ memoryFormat: 'channelsLast' }));
  const spread = [
    [stride, stride],
    [padding, padding],
    [1, 1],
  ];
  const gradientOf = (which) => (gradient) =>
    call('aten::convolution_backward', gradient, x, weight, null, ...spread, false, [0, 0], 1, which);
  return measure({
    name: `${inputs} → ${outputs}, ${kernel}×${kernel}, ${side}×${side}${stride > 1 ? `, stride ${stride}` : ''}`,
    ...{ times, productsOf: inputs * kernel ** 2, x, weight },
    own: (input, kernels) => call('la_ssl::conv2d', input, kernels, null, stride, padding),
    theirs: (input, kernels) => conv2d(input, kernels, { stride, padding }),
    gradients: [gradientOf([true, false, false]), gradientOf([false, true, false])],
    learnsInput: inputs !== 3, // no image has a gradient
  });
}

function linearLayer([inputs, outputs, withBias]) {
  const [x, weight] = [values([IMAGES * TOKENS, inputs]), values([outputs, inputs])];
  const bias = withBias ? values([outputs]) : null;
  return measure({
    name: `${inputs} → ${outputs}${withBias ? ', bias' : ''}`,
    ...{ times: BLOCKS, productsOf: inputs, x, weight },
    own: (input, learned) => call('la_ssl::linear', input, learned, bias),
    theirs: (input, learned) => linear(input, learned, { bias }),
    gradients: [(gradient) => gradient.matmul(weight), (gradient) => gradient.t().matmul(x)],
  });
}

const SIDE = 2048;
const matrix = ones([SIDE, SIDE], { dtype });
const peak = (2 * SIDE ** 3) / 1e6 / timeOf(() => matrix.matmul(matrix));

const cell = (ms, gflop, times) =>
  ms === 0 ? '' : `${(ms * times).toFixed(1)} (${(gflop / (ms / 1000)).toFixed(0)})`;

/** Prints the table of these layers, and the sums of a step. */
function tell(kind, layers) {
  const rows = layers.map(({ name, times, gflop, ms }) => [
    ...[name, String(times)],
    ...ms.map((each) => cell(each, gflop, times)),
  ]);
  const sums = layers[0].ms.map((_, i) => layers.reduce((total, { ms, times }) => total + ms[i] * times, 0));
  const head = ['output, ms (GFLOP/s)', 'gradient of input', 'of weight'].flatMap((of) => [of, "libtorch's"]);
  const last = ['together', '', ...sums.map((ms) => ms.toFixed(1))];
  const [ours, theirs] = [0, 1].map((side) => sums.filter((_, i) => i % 2 === side).reduce((a, b) => a + b));
  process.stdout.write(`${table([[kind, 'times', ...head], ...rows, last])}\n\n`);
  process.stdout.write(`A step: ${ours.toFixed(0)} ms of them, by libtorch ${theirs.toFixed(0)}.\n\n`);
}

process.stdout.write(
  `${dtype}, one thread; products of ${SIDE} × ${SIDE} matrices: ${peak.toFixed(0)} GFLOP/s.\n\n`,
);
tell(
  'convolution',
  CONVOLUTIONS.map((layer) => scope(() => convolution(layer))),
);
tell(
  'linear layer',
  LINEARS.map((layer) => scope(() => linearLayer(layer))),
);
