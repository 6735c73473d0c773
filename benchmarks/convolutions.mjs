/**
 * What the processor and the convolutions of a training step reach: `node benchmarks/convolutions.mjs --help`. It tells how much of a
 * step no code around the convolutions can save.
 */
import { parseArgs } from 'node:util';
import {
  call,
  conv2d,
  Generator,
  hasFastBfloat16,
  noGrad,
  ones,
  randn,
  scope,
  setThreads,
} from '@la-ssl/torch';
import { table } from './tables.mjs';

const HELP = `Usage: node benchmarks/convolutions.mjs [options]

Times the convolutions of ResNet-18 with the CIFAR stem for a step of 128 images of 32 × 32, and products of large matrices, on one
thread, by the processor's time: outputs, gradients of input and weight, by our operators and by libtorch's. GFLOP/s counts the
products of a convolution tap by tap, whatever way it is computed.

Options:
  --width <n>   channels of the first stage (16)
  --repeat <n>  repetitions of each, of which the lower quartile counts (20)
  --help        this text
`;
const { values: options } = parseArgs({
  options: {
    width: { type: 'string', default: '16' },
    repeat: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write(HELP);
  process.exit();
}
const [width, repeat] = [Number(options.width), Number(options.repeat)];
const IMAGES = 128;
const dtype = hasFastBfloat16() ? 'bfloat16' : 'float32';
const generator = new Generator(0);
setThreads(1);

const stages = [1, 2, 4, 8].map((factor, i) => ({ channels: width * factor, side: 32 / 2 ** i }));
/** `[inputs, outputs, side of the input, kernel, stride, how often]` */
const LAYERS = [
  [3, width, 32, 3, 1, 1],
  [width, width, 32, 3, 1, 4],
  ...stages.slice(1).flatMap(({ channels, side }) => [
    [channels / 2, channels, 2 * side, 3, 2, 1],
    [channels / 2, channels, 2 * side, 1, 2, 1],
    [channels, channels, side, 3, 1, 3],
  ]),
];

/** @returns milliseconds of the processor: the lower quartile */
function timeOf(work) {
  const times = [];
  for (let i = -3; i < repeat; i++) {
    const started = process.cpuUsage();
    // What a scope returns outlives it; the next output would be in memory new to the process, which costs as much as the work.
    scope(() => void work());
    const { user, system } = process.cpuUsage(started);
    if (i >= 0) times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(repeat / 4)];
}

const values = (shape) => randn(shape, { generator }).to(dtype).contiguous({ memoryFormat: 'channelsLast' });

function measure([inputs, outputs, side, kernel, stride, times]) {
  const padding = (kernel - 1) / 2;
  const x = values([IMAGES, inputs, side, side]);
  const weight = values([outputs, inputs, kernel, kernel]);
  const sizes = { stride, padding };
  const spread = [
    [stride, stride],
    [padding, padding],
    [1, 1],
  ];
  const gradientOf = (which) =>
    timeOf(() =>
      call('aten::convolution_backward', gradient, x, weight, null, ...spread, false, [0, 0], 1, which),
    );
  const forward = (input, kernels) => call('la_ssl::conv2d', input, kernels, null, stride, padding);
  const gradient = values(forward(x, weight).shape);
  const backward = (learned, output) =>
    timeOf(() => {
      output.backward({ gradient, retainGraph: true });
      learned.grad = null;
    });
  const [image, kernels] = [x, weight].map((t) => t.detach().requiresGrad_());
  const withImage = inputs !== 3; // no image has a gradient
  return {
    name: `${inputs} → ${outputs}, ${kernel}×${kernel}, ${side}×${side}${stride > 1 ? `, stride ${stride}` : ''}`,
    times,
    gflop: (2 * gradient.shape.reduce((a, b) => a * b) * inputs * kernel ** 2) / 1e9,
    ms: [
      timeOf(() => noGrad(() => forward(x, weight))),
      timeOf(() => noGrad(() => conv2d(x, weight, sizes))),
      withImage ? backward(image, forward(image, weight)) : 0,
      withImage ? gradientOf([true, false, false]) : 0,
      backward(kernels, forward(x, kernels)),
      gradientOf([false, true, false]),
    ],
  };
}

const SIDE = 2048;
const matrix = ones([SIDE, SIDE], { dtype });
const peak = (2 * SIDE ** 3) / 1e6 / timeOf(() => matrix.matmul(matrix));
const layers = LAYERS.map((layer) => scope(() => measure(layer)));

const cell = (ms, gflop, times) =>
  ms === 0 ? '' : `${(ms * times).toFixed(1)} (${(gflop / (ms / 1000)).toFixed(0)})`;
const rows = layers.map(({ name, times, gflop, ms }) => [
  ...[name, String(times)],
  ...ms.map((each) => cell(each, gflop, times)),
]);
const sums = layers[0].ms.map((_, i) => layers.reduce((total, { ms, times }) => total + ms[i] * times, 0));
const head = ['forward, ms (GFLOP/s)', 'gradient of input', 'of weight'].flatMap((kind) => [
  kind,
  "libtorch's",
]);
process.stdout.write(
  `${table([['convolution', 'times', ...head], ...rows, ['together', '', ...sums.map((ms) => ms.toFixed(1))]])}\n\n`,
);
const [ours, theirs] = [0, 1].map((side) => sums.filter((_, i) => i % 2 === side).reduce((a, b) => a + b));
process.stdout.write(
  `${dtype}, one thread; products of ${SIDE} × ${SIDE} matrices: ${peak.toFixed(0)} GFLOP/s. A step: ` +
    `${ours.toFixed(0)} ms of convolutions, by libtorch ${theirs.toFixed(0)}.\n`,
);
