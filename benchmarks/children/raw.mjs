// The limit of indexing: onnxruntime alone on texts that are tokenized beforehand, with the daemon's own threads.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { input, tell } from './ours.mjs';
import { threadsFor } from '../../out/server/src/model/graph.js';
import { Tokenizer } from '../../out/server/src/model/tokenizer.js';
import { modelsDir } from '../../out/server/src/paths.js';

const folder = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');
const tokenizer = await Tokenizer.load(folder);
const texts = JSON.parse(readFileSync(input.textsFile, 'utf8'));
const tensor = (values) => new ort.Tensor('int64', values, [1, values.length]);
const feeds = texts.map((text) => {
  const { ids } = tokenizer.encode(text, 256);
  return {
    input_ids: tensor(BigInt64Array.from(ids, BigInt)),
    attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
    token_type_ids: tensor(new BigInt64Array(ids.length)),
  };
});
const intraOpNumThreads = input.threads ?? threadsFor(0, availableParallelism(), process.arch);
const session = await ort.InferenceSession.create(
  join(folder, 'onnx', input.dtype === 'fp32' ? 'model.onnx' : 'model_int8.onnx'),
  { intraOpNumThreads, interOpNumThreads: 1, ...input.session },
);
for (const feed of feeds.slice(0, 10)) await session.run(feed, ['sentence_embedding']);
const began = performance.now();
for (const feed of feeds) await session.run(feed, ['sentence_embedding']);
const ms = performance.now() - began;
const tokens = feeds.reduce((sum, { input_ids: ids }) => sum + ids.dims[1], 0);
tell({ ms, texts: texts.length, tokens, rss: process.memoryUsage.rss() });
process.exit(0);
