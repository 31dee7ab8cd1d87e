// What a program with the peer's pipeline takes for texts, one by one or in batches.
import { readFileSync } from 'node:fs';
import { env, pipeline } from '@xenova/transformers';

const { models, textsFile, batch, skip = 0, quantized = true } = JSON.parse(process.argv[2]);
env.allowRemoteModels = false;
env.localModelPath = models;

const texts = JSON.parse(readFileSync(textsFile, 'utf8')).slice(skip);
const embed = await pipeline('feature-extraction', 'all-MiniLM-L6-v2', { quantized });
const options = { pooling: 'mean', normalize: true };
for (const text of texts.slice(0, 10)) await embed(text, options);
const began = performance.now();
for (let at = 0; at < texts.length; at += batch) await embed(texts.slice(at, at + batch), options);
const ms = performance.now() - began;
console.log(JSON.stringify({ ms, texts: texts.length, rss: process.memoryUsage.rss() }));
