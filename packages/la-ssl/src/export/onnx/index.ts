/**
 * @file An encoder as ONNX: images `[batch, C, H, W]` in, features `[batch, F]` out, any batch size.
 *
 * The images are float32, scaled to [0, 1] and normalised by channel, as PyTorch's users expect it; the mean and the
 * standard deviation are in the model's metadata, with all that the safetensors file of the encoder says.
 */
import { scope } from '@la-ssl/torch';
import {
  type Encoder,
  type EncoderInfo,
  type EncoderName,
  encoderMetadata,
  VIT_SIZES,
} from '../../models/index.js';
import { GraphBuilder, type Value } from './graph.js';
import { resnetGraph } from './resnet.js';
import { DATA_TYPES, type DimensionMessage, encodeModel, type ValueInfoMessage } from './schema.js';
import { vitGraph } from './vit.js';

/** The first opset with LayerNormalization; its IR version is 8. */
export const OPSET = 17;
const IR_VERSION = 8;
/** No protobuf message may be larger. */
const MOST_BYTES = 2 ** 31 - 1;

interface EncoderGraph {
  build: (graph: GraphBuilder, images: Value, info: EncoderInfo) => Value;
  /** Whether it takes images of any height and width, and not only of those that it was trained on. */
  anySize: boolean;
}

const resnet: EncoderGraph = { build: resnetGraph, anySize: true };
const vit = (size: keyof typeof VIT_SIZES): EncoderGraph => ({
  build: (graph, images, info) => vitGraph(graph, images, { ...info, heads: VIT_SIZES[size].heads }),
  anySize: false,
});

const GRAPHS: Record<EncoderName, EncoderGraph> = {
  resnet18: resnet,
  resnet34: resnet,
  resnet50: resnet,
  'vit-tiny': vit('tiny'),
  'vit-small': vit('small'),
  'vit-base': vit('base'),
};

/**
 * @param encoder - in any mode; what is exported is its inference
 * @param version - of la-ssl, for the file's header
 * @returns the bytes of the file
 * @throws Error where the weights are more than a file of ONNX can hold
 */
export function onnxModel(encoder: Encoder, info: EncoderInfo, version: string): Uint8Array {
  return scope(() => {
    const graph = new GraphBuilder(encoder.stateDict());
    const { build, anySize } = GRAPHS[info.encoder];
    const [height, width] = info.imageSize;
    const { channels = 3 } = info.options;
    const sides: DimensionMessage[] = anySize
      ? [{ dimParam: 'height' }, { dimParam: 'width' }]
      : [{ dimValue: height }, { dimValue: width }];
    graph.node('Identity', 'features', [build(graph, 'images', info)]);
    const bytes = graph.initializers.reduce((sum, { rawData }) => sum + rawData.length, 0);
    if (bytes > MOST_BYTES) {
      throw new Error(
        `The weights are ${bytes} bytes, an ONNX file holds at most ${MOST_BYTES}. Export safetensors.`,
      );
    }
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'la-ssl',
      producerVersion: version,
      docString: `Features of images that are float32 in [0, 1], minus mean, divided by std (see the metadata), by channel.`,
      graph: {
        name: info.encoder,
        node: graph.nodes,
        initializer: graph.initializers,
        input: [floats('images', [{ dimValue: channels }, ...sides])],
        output: [floats('features', [{ dimValue: encoder.features }])],
      },
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(encoderMetadata(info, encoder.features)).map(([key, value]) => ({
        key,
        value,
      })),
    });
  });
}

/** A float32 value whose first dimension is the batch. */
function floats(name: string, rest: readonly DimensionMessage[]): ValueInfoMessage {
  const dim = [{ dimParam: 'batch' }, ...rest];
  return { name, type: { tensorType: { elemType: DATA_TYPES.float32, shape: { dim } } } };
}
