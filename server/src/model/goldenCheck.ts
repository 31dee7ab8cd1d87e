import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, LanternError, systemCode } from '../../../shared/src/errors.js';
import type { Dtype } from './modelId.js';
import type { ModelFiles } from './modelFolder.js';

/** A text and its vector by the reference implementation. */
export interface GoldenCase {
  readonly text: string;
  readonly embedding: readonly number[];
}

/** Least cosine to the reference. Rounding passes; a wrong kernel or a damaged file does not. */
export const goldenThreshold: Readonly<Record<Dtype, number>> = { fp32: 0.999, int8: 0.97 };

/** Texts to compare two providers for a model without golden texts. */
export const probeTexts: readonly string[] = [
  'where is the retry logic for failed uploads',
  'function add(a: number, b: number): number {\n  return a + b;\n}',
  'Closes the connection when nobody has used it for ten minutes.',
];

/** The model's golden texts, shortest first; none when it has no `golden.json`. */
export async function readGolden(files: ModelFiles): Promise<GoldenCase[]> {
  const file = join(files.folder, 'golden.json');
  let raw: string;
  try {
    raw = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw damaged(file, errorMessage(error), files, error);
  }
  try {
    const { cases } = JSON.parse(raw) as { cases: GoldenCase[] };
    return [...cases].sort((a, b) => a.text.length - b.text.length);
  } catch (error) {
    throw damaged(file, errorMessage(error), files, error);
  }
}

/** Cosine of two vectors, or 0 when they cannot be compared. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return 0;
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let at = 0; at < a.length; at++) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  const value = dot / Math.sqrt(aa * bb);
  return Number.isFinite(value) ? value : 0;
}

/** Embeds every case. Returns why the graph cannot be trusted, or `undefined` when it can. */
export async function checkGolden(
  embed: (text: string) => Promise<Float32Array>,
  cases: readonly GoldenCase[],
  dtype: Dtype,
): Promise<string | undefined> {
  for (const { text, embedding } of cases) {
    const similarity = cosine(await embed(text), embedding);
    if (similarity < goldenThreshold[dtype]) {
      const seen = similarity.toFixed(4);
      return `its vectors are wrong (cosine ${seen} to the recorded ones, ${goldenThreshold[dtype]} is needed)`;
    }
  }
  return undefined;
}

function damaged(file: string, cause: string, files: ModelFiles, error: unknown): LanternError {
  return new LanternError('model-damaged', `${file} cannot be used: ${cause}. ${files.repairAdvice}`, {
    cause: error,
  });
}
