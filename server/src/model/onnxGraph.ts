import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { type OpenGraph, pool, toUnit } from './graph.js';

/**
 * Opens a native session of onnxruntime in this thread, which each run blocks (microsoft/onnxruntime#19611). This is the
 * only file that imports the library.
 */
export const openGraph: OpenGraph = async (files, provider) => {
  const ort = await loadRuntime();
  const coreml = provider.kind === 'coreml';
  const session = await ort.InferenceSession.create(files.weights, {
    executionProviders: coreml ? [{ name: 'coreml', coreMlFlags: provider.flags }, 'cpu'] : ['cpu'],
    ...(coreml ? {} : { intraOpNumThreads: provider.threads, interOpNumThreads: 1 }),
    // The arena keeps 10 MB and makes runs four times as fast as allocating each time. Memory patterns keep 5 MB more
    // and gain nothing when every run has another length.
    enableCpuMemArena: true,
    enableMemPattern: false,
    extra: {
      session: {
        // Without VNNI the fast kernels for signed weights add pairs of products in 16 bits, which overflow: cosines
        // fall below .97 (onnxruntime#6004). This selects exact kernels, a quarter slower. The bundled weights cannot
        // overflow.
        x64quantprecision: files.origin === 'bundled' ? '0' : '1',
        // Spinning threads use twice the CPU time when anything else runs.
        intra_op: { allow_spinning: '0' },
      },
    },
    logSeverityLevel: 3,
  });
  const output = ['sentence_embedding', 'last_hidden_state', 'token_embeddings'].find((name) =>
    session.outputNames.includes(name),
  );
  const known = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'];
  const foreign = session.inputNames.find((name) => !known.includes(name));
  if (output === undefined || foreign !== undefined) {
    await session.release();
    const what =
      foreign === undefined ? 'gives no sentence or token vectors' : `asks for the input "${foreign}"`;
    throw new LanternError(
      'unknown-model',
      `The graph ${files.weights} ${what}, so Lantern cannot use it. Name another model.`,
    );
  }

  const feed = (name: string, ids: readonly number[]): BigInt64Array => {
    const values = new BigInt64Array(ids.length);
    if (name === 'input_ids') for (let at = 0; at < ids.length; at++) values[at] = BigInt(ids[at] ?? 0);
    if (name === 'position_ids') for (let at = 0; at < ids.length; at++) values[at] = BigInt(at);
    if (name === 'attention_mask') values.fill(1n);
    return values;
  };
  return {
    async run(ids) {
      const dims = [1, ids.length];
      const feeds = Object.fromEntries(
        session.inputNames.map((name) => [name, new ort.Tensor('int64', feed(name, ids), dims)]),
      );
      const result = (await session.run(feeds, [output]))[output];
      if (!result || !(result.data instanceof Float32Array)) {
        throw new LanternError('model-damaged', `The output ${output} is not float32. ${files.repairAdvice}`);
      }
      const width = result.dims.at(-1) ?? 0;
      // The runtime owns the result's memory; both ways copy it.
      if (result.dims.length === 2) return toUnit(result.data);
      return toUnit(pool(result.data, ids.length, width, files.pooling));
    },
    release: () => session.release(),
  };
};

/** Loads the native library, which takes time and 15 MB that lexical search does not need. */
async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return (await import('onnxruntime-node')).default;
  } catch (error) {
    const [cause] = errorMessage(error).split('\n');
    throw new LanternError(
      'unavailable',
      `onnxruntime does not load on ${process.platform}-${process.arch}: ${cause}. ` +
        'Without it no model runs, and searches go by terms alone.',
    );
  }
}
