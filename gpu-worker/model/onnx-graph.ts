import { parse, relative, sep } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { encodeModel, type Attribute, type InitializerMessage, type NodeMessage, type OnnxType, type ValueMessage } from './onnx-proto.ts';
import type { Dtype, StoredTensor } from './stored-tensor.ts';

/** A tensor in a graph under construction, by its name there. */
export type Value = string;

/** A finished graph: the bytes of the model and the folder under which its external weights lie. */
export interface Graph {
  bytes: Uint8Array;
  weightsRoot: string;
}

const WEIGHT_TYPE: Partial<Record<Dtype, OnnxType>> = { F32: 'float', F16: 'float16', BF16: 'bfloat16', F64: 'double' };
// 23 is the first operator set with Attention, RMSNormalization and RotaryEmbedding.
const OPSETS = { '': 23, 'com.microsoft': 1 } as const;

/**
 * Writes an ONNX graph whose weights stay in the files they lie in. Nodes may be added that nothing reads: `build`
 * keeps only what the outputs need, so a graph ends at its deepest output and costs no more than that.
 */
export class GraphBuilder {
  private readonly nodes: NodeMessage[] = [];
  private readonly initializers = new Map<Value, InitializerMessage>();
  private readonly inputs: ValueMessage[] = [];
  private readonly outputs: ValueMessage[] = [];
  private readonly floats = new Map<Value, Value>();
  private readonly files = new Set<string>();

  /** A graph input; a text in the shape names a dimension known only at run time. */
  input(name: string, type: OnnxType, shape: readonly (number | string)[]): Value {
    if (!this.inputs.some((input) => input.name === name)) this.inputs.push({ name, type, shape });
    return name;
  }

  /** Makes a value an output under the given name. */
  output(name: string, value: Value, type: OnnxType, shape: readonly (number | string)[]): void {
    this.nodes.push({ op: 'Identity', domain: '', name, inputs: [value], outputs: [name], attributes: {} });
    this.outputs.push({ name, type, shape });
  }

  /** A stored tensor in its own number type: what a lookup needs, which widens only the rows it has picked. */
  weight(tensor: StoredTensor): Value {
    const type = WEIGHT_TYPE[tensor.dtype];
    if (!type) throw new AppError('unsupported', `Tensor ${tensor.name} holds ${tensor.dtype}; weights in F32, F16, BF16 or F64 are supported.`);
    const name = `${tensor.file}#${tensor.offset}#${tensor.name}`;
    this.files.add(tensor.file);
    this.initializers.set(name, {
      name,
      type,
      shape: tensor.shape,
      data: { location: withinRoot(tensor.file), offset: tensor.offset, length: tensor.length },
    });
    return name;
  }

  /** A stored tensor as float32. A 16-bit one is widened once, when the session opens. */
  floatWeight(tensor: StoredTensor): Value {
    const value = this.weight(tensor);
    return tensor.dtype === 'F32' ? value : this.memo(value, () => this.toFloat(value));
  }

  toFloat(value: Value): Value {
    return this.op('Cast', [value], { to: 1 });
  }

  /** A small float constant kept inside the graph. */
  float(data: ArrayLike<number>, shape: readonly number[] = []): Value {
    return this.constant('float', Float32Array.from(data), shape);
  }

  /** A small int64 constant kept inside the graph; a vector unless a shape is given. */
  int64(data: readonly number[], shape: readonly number[] = [data.length]): Value {
    return this.constant('int64', BigInt64Array.from(data, BigInt), shape);
  }

  private constant(type: OnnxType, data: Float32Array | BigInt64Array, shape: readonly number[]): Value {
    const inline = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const name = `constant_${this.initializers.size}`;
    this.initializers.set(name, { name, type, shape, data: { inline } });
    return name;
  }

  /** One operator with one result. An empty text stands for an optional input that is left out. */
  op(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): Value {
    return this.ops(op, inputs, 1, attributes, domain)[0]!;
  }

  /** One operator with several results. */
  ops(op: string, inputs: readonly Value[], results: number, attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): Value[] {
    const name = `${op}_${this.nodes.length}`;
    const outputs = Array.from({ length: results }, (_, i) => `${name}:${i}`);
    this.nodes.push({ op, domain, name, inputs, outputs, attributes });
    return outputs;
  }

  /** The graph as bytes: only nodes, weights and inputs that an output depends on. Throws when there is no output. */
  build(): Graph {
    if (this.outputs.length === 0) throw new RangeError('a graph needs an output');
    const needed = new Set<Value>(this.outputs.map((output) => output.name));
    // Nodes are added after what they read, so one pass backwards finds everything.
    const nodes = this.nodes.toReversed().filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    });
    const bytes = encodeModel({
      nodes: nodes.reverse(),
      initializers: [...this.initializers.values()].filter(({ name }) => needed.has(name)),
      inputs: this.inputs.filter(({ name }) => needed.has(name)),
      outputs: this.outputs,
      opsets: OPSETS,
    });
    return { bytes, weightsRoot: this.weightsRoot() };
  }

  private weightsRoot(): string {
    const roots = new Set([...this.files].map((file) => parse(file).root));
    if (roots.size > 1) throw new AppError('unsupported', `Weights lie on several drives (${[...roots].join(', ')}); put them on one.`);
    return [...roots][0] ?? parse(process.cwd()).root;
  }

  private memo(key: Value, make: () => Value): Value {
    const found = this.floats.get(key) ?? make();
    this.floats.set(key, found);
    return found;
  }
}

function withinRoot(file: string): string {
  return relative(parse(file).root, file).split(sep).join('/');
}
