import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tried } from '../../../shared/test/tally.js';
import { modelsDir } from '../../src/paths.js';
import { Cli } from '../support/cliHarness.js';
import { external, integers, node, onnxFile, toFloat } from '../support/onnxFile.js';

const bundled = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');

describe('a hostile model folder', function () {
  this.timeout(60_000);
  let home: string;
  let model: string;
  let cli: Cli;
  let path: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'lantern-model-'));
    model = join(home, 'model');
    cpSync(bundled, model, { recursive: true, dereference: true });
    cli = new Cli();
    writeFileSync(join(cli.home, 'settings.json'), JSON.stringify({ model: { name: model } }));
    path = cli.folder();
    writeFileSync(join(path, 'door.ts'), 'export function closeDoor() {\n  return hinge.turn();\n}\n');
  });
  afterEach(async () => {
    await cli.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  const useGraph = (...nodes: readonly Buffer[]): void => {
    // A model of somebody's own has no recorded vectors.
    rmSync(join(model, 'golden.json'));
    for (const name of readdirSync(join(model, 'onnx'))) rmSync(join(model, 'onnx', name));
    writeFileSync(join(model, 'onnx', 'model_int8.onnx'), onnxFile(...nodes));
  };
  const configure = (more: Record<string, unknown>): void => {
    const file = join(model, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...config, ...more }));
  };
  const axes = integers('axes', [2]);
  const asFloats = node('Cast', ['input_ids'], 'floats', toFloat);
  const asVectors = (name: string): Buffer => node('Unsqueeze', [name, 'axes'], 'last_hidden_state');

  /** Graphs that load, and what is wrong with them. Searches answer by words. */
  const graphs: readonly (readonly [what: string, make: () => void, told: RegExp])[] = [
    [
      'reads a file outside of the folder',
      () => {
        writeFileSync(join(home, 'secret.bin'), Buffer.alloc(40_000, 1));
        useGraph(
          external('secret', 100, 100, '../../secret.bin'),
          node('Gather', ['secret', 'input_ids'], 'last_hidden_state'),
        );
      },
      /escapes model directory/,
    ],
    [
      'reads one through a link',
      () => {
        writeFileSync(join(home, 'secret.bin'), Buffer.alloc(40_000, 1));
        useGraph(
          external('secret', 100, 100, 'weights.bin'),
          node('Gather', ['secret', 'input_ids'], 'last_hidden_state'),
        );
        symlinkSync(join(home, 'secret.bin'), join(model, 'onnx', 'weights.bin'));
      },
      /escapes model directory/,
    ],
    [
      'has vectors of another length than it says',
      () => useGraph(axes, asFloats, asVectors('floats')),
      /its vectors have 1 dimensions, not 384/,
    ],
    [
      'has vectors that are no numbers',
      () => {
        configure({ hidden_size: 1 });
        const zero = node('Sub', ['floats', 'floats'], 'zero');
        useGraph(axes, asFloats, zero, node('Div', ['zero', 'zero'], 'none'), asVectors('none'));
      },
      /its vectors have entries that are no numbers/,
    ],
  ];
  for (const [what, make, told] of graphs) {
    it(`whose graph ${what} is named, and words answer`, async () => {
      make();
      const index = await cli.run(['index', path]);
      assert.equal(index.code, 2);
      assert.match(index.stderr, told);
      assert.match(index.stderr, /lantern\.model\.name/);
      const { hits, coverage } = await cli.search('close the door', path);
      assert.deepEqual([hits.length, hits[0]?.path, coverage.semantic], [1, 'door.ts', false]);
      assert.ok(Number.isFinite(hits[0]?.score), 'a score is a number');
      assert.match(coverage.reason ?? '', told);
      tried('attacks');
    });
  }

  /** Files without which no text can be counted, so that no daemon can use the folder at all. */
  const files: readonly (readonly [name: string, text: string])[] = [
    ['config.json', '['.repeat(1_000_000)],
    ['config.json', 'null'],
    ['config.json', '{"hidden_size": 1e99}'],
    ['tokenizer.json', '{}'],
    ['tokenizer.json', '{"model": {"type": "WordPiece", "vocab": 7}, "added_tokens": "x"}'],
    ['tokenizer_config.json', '"a"'],
  ];
  for (const [name, text] of files) {
    it(`whose ${name} is ${text.slice(0, 30)} is named, with what to do`, async () => {
      writeFileSync(join(model, name), text);
      const { code, stderr, stdout } = await cli.run(['index', path]);
      assert.equal(code, 2, stdout);
      assert.ok(stderr.includes(model), stderr);
      assert.match(stderr, /cannot be used.*lantern\.model\.name/s);
      tried('attacks');
    });
  }
});
