/**
 * @file The messages of ONNX that a graph of an encoder needs, with their field numbers, for protobufjs.
 * Source: https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto (IR version 8); what is not used is left out.
 */
import protobuf from 'protobufjs/light.js';

/** TensorProto.DataType. */
export const DATA_TYPES = { float32: 1, int64: 7 } as const;
/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPES = { float: 1, int: 2, ints: 7 } as const;

export interface TensorMessage {
  dims: readonly number[];
  dataType: number;
  name: string;
  /** Little-endian. */
  rawData: Uint8Array;
}

export interface AttributeMessage {
  name: string;
  type: number;
  f?: number;
  i?: number;
  ints?: readonly number[];
}

export interface NodeMessage {
  input: readonly string[];
  output: readonly string[];
  name: string;
  opType: string;
  attribute: readonly AttributeMessage[];
}

export interface ValueInfoMessage {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: readonly DimensionMessage[] } } };
}

/** A number, or a name where it is free. */
export type DimensionMessage = { dimValue: number } | { dimParam: string };

export interface ModelMessage {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  docString: string;
  graph: {
    node: readonly NodeMessage[];
    name: string;
    initializer: readonly TensorMessage[];
    input: readonly ValueInfoMessage[];
    output: readonly ValueInfoMessage[];
  };
  opsetImport: readonly { domain: string; version: number }[];
  metadataProps: readonly { key: string; value: string }[];
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ rule: 'repeated', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: one('int64', 1),
        producerName: one('string', 2),
        producerVersion: one('string', 3),
        docString: one('string', 6),
        graph: one('Graph', 7),
        opsetImport: many('OperatorSetId', 8),
        metadataProps: many('StringStringEntry', 14),
      },
    },
    OperatorSetId: { fields: { domain: one('string', 1), version: one('int64', 2) } },
    StringStringEntry: { fields: { key: one('string', 1), value: one('string', 2) } },
    Graph: {
      fields: {
        node: many('Node', 1),
        name: one('string', 2),
        initializer: many('Tensor', 5),
        input: many('ValueInfo', 11),
        output: many('ValueInfo', 12),
      },
    },
    Node: {
      fields: {
        input: many('string', 1),
        output: many('string', 2),
        name: one('string', 3),
        opType: one('string', 4),
        attribute: many('Attribute', 5),
      },
    },
    Attribute: {
      fields: {
        name: one('string', 1),
        f: one('float', 2),
        i: one('int64', 3),
        ints: many('int64', 8),
        type: one('int32', 20), // an enum, which is an int32 on the wire
      },
    },
    Tensor: {
      fields: {
        dims: many('int64', 1),
        dataType: one('int32', 2),
        name: one('string', 8),
        rawData: one('bytes', 9),
      },
    },
    ValueInfo: { fields: { name: one('string', 1), type: one('Type', 2) } },
    Type: { fields: { tensorType: one('TensorType', 1) } },
    TensorType: { fields: { elemType: one('int32', 1), shape: one('Shape', 2) } },
    Shape: { fields: { dim: many('Dimension', 1) } },
    Dimension: { fields: { dimValue: one('int64', 1), dimParam: one('string', 2) } },
  },
});

/** @returns the bytes of an ONNX file */
export function encodeModel(model: ModelMessage): Uint8Array {
  return root.lookupType('Model').encode(model).finish();
}
