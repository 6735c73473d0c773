/**
 * @file A graph of ONNX operators (opset 17), written node by node; weights keep the names that PyTorch gives them.
 * Source: https://github.com/onnx/onnx/blob/v1.12.0/docs/Operators.md
 */
import type { Tensor } from '@la-ssl/torch';
import {
  ATTRIBUTE_TYPES,
  type AttributeMessage,
  DATA_TYPES,
  type NodeMessage,
  type TensorMessage,
} from './schema.js';

/** Whole numbers are integers in ONNX; a float is said to be one. */
export type Attribute = number | readonly number[] | { float: number };

/** The name of a value that flows through the graph. */
export type Value = string;

export class GraphBuilder {
  readonly nodes: NodeMessage[] = [];
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #initializers = new Map<string, TensorMessage>();

  /** @param weights - the encoder's `state_dict` */
  constructor(weights: ReadonlyMap<string, Tensor>) {
    this.#weights = weights;
  }

  /** The weights and constants that nodes take. */
  get initializers(): TensorMessage[] {
    return [...this.#initializers.values()];
  }

  /** Whether the encoder has a weight of this name. */
  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** @throws Error where the encoder has no weight of this name */
  shapeOf(name: string): readonly number[] {
    return this.#weight(name).shape;
  }

  /**
   * Takes a weight into the graph.
   * @param change - what is taken in its place
   * @throws Error where the encoder has none of this name
   */
  weight(name: string, change = (weight: Tensor): Tensor => weight): Value {
    const tensor = change(this.#weight(name)).to('float32');
    return this.#constant(name, tensor.shape, 'float32', tensor.data() as Float32Array);
  }

  /** A list of whole numbers, as `Reshape` takes. */
  integers(name: string, values: readonly number[]): Value {
    return this.#constant(name, [values.length], 'int64', BigInt64Array.from(values, BigInt));
  }

  /** One number, which goes with every element. */
  scalar(name: string, value: number): Value {
    return this.#constant(name, [], 'float32', Float32Array.of(value));
  }

  /**
   * Adds a node with one output.
   * @param name - of the node and of its output; the path of the layer, so that a viewer shows where one is
   * @returns the output
   */
  node(
    operator: string,
    name: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    this.#add(operator, name, inputs, [name], attributes);
    return name;
  }

  /** Cuts a value into equal parts. @returns `name.0`, `name.1`, ... */
  split(name: string, input: Value, axis: number, parts: number): Value[] {
    const outputs = Array.from({ length: parts }, (_, i) => `${name}.${i}`);
    this.#add('Split', name, [input], outputs, { axis });
    return outputs;
  }

  #add(
    operator: string,
    name: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    this.nodes.push({
      input: inputs,
      output: outputs,
      name,
      opType: operator,
      attribute: Object.entries(attributes).map(([key, value]) => attributeMessage(key, value)),
    });
  }

  #weight(name: string): Tensor {
    const tensor = this.#weights.get(name);
    if (!tensor) throw new Error(`The encoder has no weight ${name}, which its graph needs.`);
    return tensor;
  }

  #constant(
    name: string,
    dims: readonly number[],
    type: keyof typeof DATA_TYPES,
    { buffer, byteOffset, byteLength }: Float32Array | BigInt64Array,
  ): Value {
    const rawData = new Uint8Array(buffer, byteOffset, byteLength);
    this.#initializers.set(name, { name, dims, dataType: DATA_TYPES[type], rawData });
    return name;
  }
}

function attributeMessage(name: string, value: Attribute): AttributeMessage {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPES.int, i: value };
  return 'float' in value
    ? { name, type: ATTRIBUTE_TYPES.float, f: value.float }
    : { name, type: ATTRIBUTE_TYPES.ints, ints: value };
}
