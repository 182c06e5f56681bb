import { Writer } from 'protobufjs/minimal.js';

/** ONNX element types that this house writes, with their numbers in `TensorProto.DataType`. */
export const ONNX_TYPE = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, double: 11, bfloat16: 16 } as const;
export type OnnxType = keyof typeof ONNX_TYPE;

export type Attribute = number | string | readonly number[] | { float: number };

/** One operator. A plain number (or a list of them) is written as INT, a `{ float }` as FLOAT, text as STRING. */
export interface NodeMessage {
  op: string;
  domain: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

/** A constant: its bytes inline (little endian), or a place in a file beside the graph. */
export interface InitializerMessage {
  name: string;
  type: OnnxType;
  shape: readonly number[];
  data: { inline: Uint8Array } | { location: string; offset: number; length: number };
}

/** A graph input or output; a string in the shape is a dimension known only at run time. */
export interface ValueMessage {
  name: string;
  type: OnnxType;
  shape: readonly (number | string)[];
}

export interface GraphMessage {
  nodes: readonly NodeMessage[];
  initializers: readonly InitializerMessage[];
  inputs: readonly ValueMessage[];
  outputs: readonly ValueMessage[];
  opsets: Readonly<Record<string, number>>;
}

// Version 11 of the file format is the first that allows operator set 23.
const IR_VERSION = 11;
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;
const EXTERNAL = 1;

/**
 * The bytes of an ONNX `ModelProto`. Field numbers follow onnx.proto3 of ONNX 1.18; only the messages needed to hold a
 * graph with external weights are written. Deterministic: the same graph gives the same bytes.
 */
export function encodeModel(graph: GraphMessage): Uint8Array {
  const w = Writer.create();
  w.uint32(tag(1, 0)).int64(IR_VERSION);
  w.uint32(tag(2, 2)).string('latent-atlas');
  message(w, 7, () => encodeGraph(w, graph));
  for (const [domain, version] of Object.entries(graph.opsets)) {
    message(w, 8, () => w.uint32(tag(1, 2)).string(domain).uint32(tag(2, 0)).int64(version));
  }
  return w.finish();
}

function encodeGraph(w: Writer, graph: GraphMessage): void {
  for (const node of graph.nodes) message(w, 1, () => encodeNode(w, node));
  w.uint32(tag(2, 2)).string('graph');
  for (const initializer of graph.initializers) message(w, 5, () => encodeInitializer(w, initializer));
  for (const value of graph.inputs) message(w, 11, () => encodeValue(w, value));
  for (const value of graph.outputs) message(w, 12, () => encodeValue(w, value));
}

function encodeNode(w: Writer, node: NodeMessage): void {
  for (const input of node.inputs) w.uint32(tag(1, 2)).string(input);
  for (const output of node.outputs) w.uint32(tag(2, 2)).string(output);
  w.uint32(tag(3, 2)).string(node.name);
  w.uint32(tag(4, 2)).string(node.op);
  for (const [name, value] of Object.entries(node.attributes)) message(w, 5, () => encodeAttribute(w, name, value));
  w.uint32(tag(7, 2)).string(node.domain);
}

function encodeAttribute(w: Writer, name: string, value: Attribute): void {
  w.uint32(tag(1, 2)).string(name);
  const type = (kind: number): Writer => w.uint32(tag(20, 0)).int32(kind);
  if (typeof value === 'string') {
    w.uint32(tag(4, 2)).string(value);
    type(ATTRIBUTE.string);
  } else if (typeof value === 'number') {
    w.uint32(tag(3, 0)).int64(value);
    type(ATTRIBUTE.int);
  } else if ('float' in value) {
    w.uint32(tag(2, 5)).float(value.float);
    type(ATTRIBUTE.float);
  } else {
    for (const item of value) w.uint32(tag(8, 0)).int64(item);
    type(ATTRIBUTE.ints);
  }
}

function encodeInitializer(w: Writer, tensor: InitializerMessage): void {
  for (const size of tensor.shape) w.uint32(tag(1, 0)).int64(size);
  w.uint32(tag(2, 0)).int32(ONNX_TYPE[tensor.type]);
  w.uint32(tag(8, 2)).string(tensor.name);
  if ('inline' in tensor.data) {
    w.uint32(tag(9, 2)).bytes(tensor.data.inline);
    return;
  }
  for (const [key, value] of Object.entries(tensor.data)) {
    message(w, 13, () => w.uint32(tag(1, 2)).string(key).uint32(tag(2, 2)).string(String(value)));
  }
  w.uint32(tag(14, 0)).int32(EXTERNAL);
}

function encodeValue(w: Writer, value: ValueMessage): void {
  w.uint32(tag(1, 2)).string(value.name);
  message(w, 2, () => {
    message(w, 1, () => {
      w.uint32(tag(1, 0)).int32(ONNX_TYPE[value.type]);
      message(w, 2, () => {
        for (const size of value.shape) {
          message(w, 1, () => (typeof size === 'number' ? w.uint32(tag(1, 0)).int64(size) : w.uint32(tag(2, 2)).string(size)));
        }
      });
    });
  });
}

function message(w: Writer, field: number, body: () => unknown): void {
  w.uint32(tag(field, 2)).fork();
  body();
  w.ldelim();
}

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}
