// Runs a script in its own process and reads its result, so that each measurement starts fresh.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonEnvironment } from '../out/shared/src/connection/spawnDaemon.js';

export const benchmarks = dirname(fileURLToPath(import.meta.url));
export const root = dirname(benchmarks);
const peer = join(benchmarks, 'peer');

/** Runs `script`, relative to this folder, with `input` as JSON; what it prints as its last line is the result. */
export async function measure(script, input = {}) {
  // With the daemon's environment. The peer runs as its users run it.
  const env = script.startsWith('children/') ? daemonEnvironment(process.env) : process.env;
  const child = spawn(process.execPath, ['--expose-gc', join(benchmarks, script), JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...env, LANTERN_BENCH_ROOT: root },
  });
  let printed = '';
  for await (const part of child.stdout.setEncoding('utf8')) printed += part;
  const code = child.exitCode ?? (await new Promise((settle) => child.on('exit', settle)));
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return JSON.parse(printed.trim().split('\n').at(-1));
}

/** Runs `command` and answers with what it printed. */
export async function output(command, args, cwd = root) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const part of child.stdout.setEncoding('utf8')) printed += part;
  const code = child.exitCode ?? (await new Promise((settle) => child.on('exit', settle)));
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`);
  return printed;
}

/**
 * Installs the peer if necessary, and prepares the model for it. Returns the folder of models and a function that
 * removes it.
 */
export async function preparePeer(say) {
  if (!existsSync(join(peer, 'node_modules', 'onnxruntime-node'))) {
    say('installing the peer, once');
    await output('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], peer);
  }
  const models = mkdtempSync(join(tmpdir(), 'lantern-bench-peer-'));
  const source = join(root, 'models', 'all-MiniLM-L6-v2');
  const target = join(models, 'all-MiniLM-L6-v2');
  mkdirSync(join(target, 'onnx'), { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
    symlinkSync(join(source, name), join(target, name));
  symlinkSync(join(source, 'onnx', 'model.onnx'), join(target, 'onnx', 'model.onnx'));
  symlinkSync(join(source, 'onnx', 'model_int8.onnx'), join(target, 'onnx', 'model_quantized.onnx'));
  return { models, dispose: () => rmSync(models, { recursive: true, force: true }) };
}
