/** Writes small ONNX files: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto has the field numbers. */
type Field = Buffer;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
const int = (field: number, value: number): Field => Buffer.concat([varint(field * 8), varint(value)]);
const message = (field: number, ...parts: readonly Field[]): Field => {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};
const text = (field: number, value: string): Field => message(field, Buffer.from(value));

const [float, int64] = [1, 7];

/** A tensor of 8-byte integers, in the file itself. */
export const integers = (name: string, values: readonly number[]): Field =>
  message(
    5,
    int(1, values.length),
    int(2, int64),
    text(8, name),
    message(9, ...values.map((value) => Buffer.from(BigInt64Array.of(BigInt(value)).buffer))),
  );

/** A matrix of floats whose bytes are in another file. */
export const external = (name: string, rows: number, columns: number, location: string): Field =>
  message(
    5,
    int(1, rows),
    int(1, columns),
    int(2, float),
    text(8, name),
    message(13, text(1, 'location'), text(2, location)),
    int(14, 1),
  );

export const node = (
  type: string,
  inputs: readonly string[],
  output: string,
  ...attributes: Field[]
): Field => message(1, ...inputs.map((name) => text(1, name)), text(2, output), text(4, type), ...attributes);

/** The attribute of `Cast` that makes floats. */
export const toFloat = message(5, text(1, 'to'), int(3, float), int(20, 2));

const value = (field: number, name: string, type: number, shape: readonly string[]): Field => {
  const dimensions = message(2, ...shape.map((symbol) => message(1, text(2, symbol))));
  return message(field, text(1, name), message(2, message(1, int(1, type), dimensions)));
};

/** A model with the inputs and the output of BERT. */
export function onnxFile(...parts: readonly Field[]): Buffer {
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'];
  const graph = message(
    7,
    ...parts,
    text(2, 'graph'),
    ...inputs.map((name) => value(11, name, int64, ['batch', 'sequence'])),
    value(12, 'last_hidden_state', float, ['batch', 'sequence', 'hidden']),
  );
  return Buffer.concat([int(1, 8), message(8, int(2, 14)), graph]);
}
