import assert from 'node:assert/strict';
import type { Relation } from '../../../../shared/src/protocol/protocol.js';
import { nullLog } from '../../../../shared/src/log.js';
import { TestGrammars } from '../../../test/support/testGrammars.js';
import { TestIndex } from '../../../test/support/testIndex.js';
import type { Folder } from '../../indexing/folders.js';
import { SourceTexts } from '../../source/sourceTexts.js';
import { Parsers } from '../../syntax/parsers.js';
import { relationsOf } from './relations.js';

type Files = Readonly<Record<string, string>>;

describe('relations', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let test: TestIndex;
  let folder: Folder;

  before(async () => {
    grammars = await TestGrammars.make(['typescript', 'tsx', 'python', 'go', 'rust', 'java']);
    parsers = new Parsers(grammars.folder, nullLog);
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  afterEach(() => test.dispose());

  async function index(files: Files): Promise<void> {
    test = new TestIndex(files, parsers);
    folder = await test.open();
    await test.folders.scan(folder);
  }

  /** What a relation finds from a line, as `path:first line symbol`, with what it was reached over. */
  async function find(
    place: string,
    relation?: Relation,
    { steps = 1, accept = () => true }: { steps?: number; accept?: (path: string) => boolean } = {},
  ): Promise<string[]> {
    const [path = '', line = ''] = place.split(':');
    const row = folder.indexer.folder;
    const fileId = test.catalog.files.get(row.id, path)!.id;
    const texts = new SourceTexts(test.root, { maxFileBytes: 100_000 });
    const lines = { startLine: Number(line), endLine: Number(line) };
    const wanted = { ...(relation && { relation }), steps, accept };
    const found = await relationsOf(test.catalog, row, texts, { fileId, line: Number(line), lines }, wanted);
    return found
      .map(({ file, startLine, definition, via, relations }) => {
        const over = via === undefined ? '' : ` via ${via}`;
        const why = relation === undefined ? ` ${[...relations].sort().join('+')}` : '';
        return `${file.path}:${startLine} ${definition?.name ?? '-'}${over}${why}`;
      })
      .sort();
  }

  const callers = (place: string): Promise<string[]> => find(place, 'calledBy');

  describe('of a function in TypeScript', () => {
    it('are the functions that call it, by its import', async () => {
      await index({
        'lib/save.ts': 'export function save(value: string) {\n  return value;\n}\n',
        'lib/other.ts': 'export function save(value: number) {\n  return value;\n}\n',
        'a.ts': `import { save } from './lib/save.js';\n\nexport function keep() {\n  save('a');\n}\n`,
        'b.ts': `import { save } from './lib/other.js';\n\nexport function lose() {\n  save(1);\n}\n`,
        'c.ts': `import { save as put } from './lib/save';\n\nexport const store = () => put('c');\n`,
        'd.ts': `import * as lib from './lib/save.js';\n\nexport class Box {\n  fill() {\n    lib.save('d');\n  }\n}\n`,
        'e.ts': 'export function stranger(store: any) {\n  save();\n  store.save();\n}\n',
        'f.ts': `import { save } from './lib/save.js';\n\nexport function shadow(save: () => void) {\n  save();\n}\n`,
      });
      assert.deepEqual(await callers('lib/save.ts:1'), ['a.ts:3 keep', 'c.ts:3 store', 'd.ts:4 fill']);
      assert.deepEqual(await callers('lib/other.ts:2'), ['b.ts:3 lose']);
    });

    it('are found through files that pass it on', async () => {
      await index({
        'lib/deep/save.ts': 'export function save() {}\n',
        'lib/deep/index.ts': `export * from './save.js';\n`,
        'lib/index.ts': `export { save } from './deep';\nexport * as util from './deep/save';\n`,
        'a.ts': `import { save, util } from './lib';\n\nfunction one() {\n  save();\n}\n\nfunction two() {\n  util.save();\n}\n`,
      });
      assert.deepEqual(await callers('lib/deep/save.ts:1'), ['a.ts:3 one', 'a.ts:7 two']);
    });

    it('are not comments, strings, imports, types or values', async () => {
      await index({
        'save.ts': 'export function save() {}\n',
        'a.ts': [
          `import { save } from './save.js';`,
          '// save() is not called here',
          'export function talk(): typeof save {',
          `  console.log('save()', \`save() \${1}\`);`,
          '  return save;',
          '}',
          'export function act() {',
          '  return `${save()}`;',
          '}',
        ].join('\n'),
      });
      assert.deepEqual(await callers('save.ts:1'), ['a.ts:7 act']);
    });

    it('are calls of every form', async () => {
      const forms = [
        'save<Map<string, number>>(1)',
        'save?.(1)',
        'save!(1)',
        'new save(1)',
        'save`1`',
        'save.call(null, 1)',
        'save\n    (1)',
      ];
      await index({
        'save.ts': 'export function save(value: unknown) {}\n',
        'a.ts': `import { save } from './save';\n${forms.map((form, i) => `function f${i}() {\n  ${form};\n}`).join('\n')}\n`,
        'b.tsx': `import { save as Save } from './save';\nexport const View = () => <Save value={1} />;\n`,
      });
      const found = (await callers('save.ts:1')).map((one) => one.split(' ')[1]);
      assert.deepEqual(found.sort(), ['View', ...forms.map((_, i) => `f${i}`)].sort());
    });

    it('of a local name are those inside its scope', async () => {
      await index({
        'a.ts': [
          'export function outer() {',
          '  function step() {}',
          '  const run = () => step();',
          '  run();',
          '}',
          'export function other() {',
          '  const step = () => 1;',
          '  step();',
          '}',
        ].join('\n'),
      });
      assert.deepEqual(await callers('a.ts:2'), ['a.ts:3 run']);
      assert.deepEqual(await callers('a.ts:3'), ['a.ts:1 outer']);
      assert.deepEqual(await callers('a.ts:7'), ['a.ts:6 other']);
    });

    it('outside of any definition are shown by the lines around them', async () => {
      await index({
        'save.ts': 'export function save() {}\n',
        'main.ts': `import { save } from './save';\n\nsave();\n`,
      });
      assert.deepEqual(await callers('save.ts:1'), ['main.ts:1 -']);
    });
  });

  describe('of a method', () => {
    it('are calls through a value of its type', async () => {
      await index({
        'store.ts': 'export class Store {\n  put(value: string) {}\n  fill() {\n    this.put("a");\n  }\n}\n',
        'cache.ts': 'export class Cache {\n  put(value: string) {}\n  warm() {\n    this.put("b");\n  }\n}\n',
        'sub.ts': `import { Store } from './store';\nexport class Sub extends Store {\n  more() {\n    this.put("c");\n    super.put("c");\n  }\n}\n`,
        'use.ts': [
          `import { Store } from './store';`,
          `import { Cache } from './cache';`,
          'export function typed(one: Store) {',
          '  one.put("d");',
          '}',
          'export function made() {',
          '  const one = new Cache();',
          '  one.put("e");',
          '}',
          'export class Holder {',
          '  constructor(readonly inner: Store) {}',
          '  pass() {',
          '    this.inner.put("f");',
          '  }',
          '}',
          'export function unknown(map: any) {',
          '  map.put("g");',
          '}',
        ].join('\n'),
      });
      assert.deepEqual(await callers('store.ts:2'), [
        'store.ts:3 fill',
        'sub.ts:3 more',
        'use.ts:12 pass',
        'use.ts:3 typed',
      ]);
      assert.deepEqual(await callers('cache.ts:2'), ['cache.ts:3 warm', 'use.ts:6 made']);
    });

    it('of a rare name are also calls through a value of unknown type', async () => {
      await index({
        'store.ts': 'export class Store {\n  compactSegments() {}\n}\n',
        'use.ts':
          'export function tidy(target: any) {\n  target.compactSegments();\n  compactSegments();\n}\n',
      });
      assert.deepEqual(await callers('store.ts:2'), ['use.ts:1 tidy']);
    });

    it('in Python follow annotations, constructors and properties', async () => {
      await index({
        'pkg/__init__.py': 'from .store import Store\n',
        'pkg/store.py': [
          'class Store:',
          '    def put(self, value):',
          '        pass',
          '',
          '    @property',
          '    def size(self):',
          '        return 1',
          '',
          'def connect() -> Store:',
          '    return Store()',
        ].join('\n'),
        'use.py': [
          'from pkg import Store',
          'from pkg.store import connect',
          '',
          'def typed(one: Store):',
          '    one.put(1)',
          '',
          'def made():',
          '    one = connect()',
          '    one.put(one.size)',
          '',
          'def other(one: dict):',
          '    one.put(put=1, size=2)',
        ].join('\n'),
      });
      assert.deepEqual(await callers('pkg/store.py:2'), ['use.py:4 typed', 'use.py:7 made']);
      assert.deepEqual(await callers('pkg/store.py:6'), ['use.py:7 made']);
      assert.deepEqual(await callers('pkg/store.py:9'), ['use.py:7 made']);
      assert.deepEqual(
        await callers('pkg/store.py:1'),
        ['pkg/store.py:9 connect'],
        'a class is called to construct',
      );
    });

    it('in other languages follow packages, receivers and impl blocks', async () => {
      await index({
        'kv/store.go':
          'package kv\n\ntype Store struct{}\n\nfunc (s *Store) Put() {}\n\nfunc Open() *Store {\n\treturn nil\n}\n',
        'main.go':
          'package main\n\nfunc run(s *kv.Store) {\n\ts.Put()\n}\n\nfunc begin() {\n\tkv.Open()\n}\n\nfunc other() {\n\tOpen()\n}\n',
        'lib.rs':
          'struct Log;\n\nimpl Log {\n    fn note(&self) {}\n    fn twice(&self) {\n        self.note();\n    }\n}\n\nfn all(log: &Log) {\n    log.note();\n}\n',
        'A.java': 'class A {\n  void go() {}\n  void twice() {\n    go();\n  }\n}\n',
        'B.java': 'class B {\n  void run(A a) {\n    a.go();\n  }\n  void go() {}\n}\n',
      });
      assert.deepEqual(await callers('kv/store.go:5'), ['main.go:3 run']);
      assert.deepEqual(await callers('kv/store.go:7'), ['main.go:7 begin']);
      assert.deepEqual(await callers('lib.rs:4'), ['lib.rs:10 all', 'lib.rs:5 twice']);
      assert.deepEqual(await callers('A.java:2'), ['A.java:3 twice', 'B.java:2 run']);
    });
  });

  describe('of other kinds', () => {
    const shop = {
      'price.ts': 'export interface Price {\n  cents: number;\n}\n',
      'tax.ts': `import type { Price } from './price';\n\nexport function addTax(price: Price): Price {\n  return round(price);\n}\n\nfunction round(price: Price) {\n  return price;\n}\n`,
      'cart.ts': `import { addTax } from './tax';\n\nexport function total() {\n  return addTax({ cents: 1 });\n}\n`,
      'page.ts': `import { total } from './cart';\n\nexport function render() {\n  return total();\n}\n`,
      'tax.test.ts': `import { addTax } from './tax';\n\ndescribe('tax', () => {\n  it('is added', () => {\n    expect(addTax({ cents: 1 })).toBe(2);\n  });\n});\n`,
    };

    it('say all that a place is related by', async () => {
      await index(shop);
      assert.deepEqual(await find('tax.ts:3'), [
        'cart.ts:3 total calledBy',
        'price.ts:1 Price definesTypeOf',
        'tax.test.ts:4 - calledBy+tests',
        'tax.ts:7 round calls',
      ]);
      assert.deepEqual(await find('tax.ts:3', 'tests'), ['tax.test.ts:4 -']);
      assert.deepEqual(await find('tax.ts:3', 'definesTypeOf'), ['price.ts:1 Price']);
      assert.deepEqual(await find('tax.ts:3', 'calls'), ['tax.ts:7 round']);
    });

    it('say over what a second step was reached', async () => {
      await index(shop);
      assert.deepEqual(await find('tax.ts:7', 'calledBy', { steps: 2 }), [
        'cart.ts:3 total via addTax',
        'tax.test.ts:4 - via addTax',
        'tax.ts:3 addTax',
      ]);
      assert.deepEqual(await find('page.ts:3', 'calls', { steps: 2 }), [
        'cart.ts:3 total',
        'tax.ts:3 addTax via total',
      ]);
    });

    it('are those of the definition below a comment or a decorator', async () => {
      await index({ ...shop, 'tax.ts': `// How much\n/* and why */\n${shop['tax.ts']}` });
      assert.deepEqual(await find('tax.ts:1', 'calls'), []);
      assert.deepEqual(await find('tax.ts:4', 'calls'), ['tax.ts:9 round']);
    });

    it('are none in files that are left out, or that are not as they were indexed', async () => {
      await index(shop);
      const accept = (path: string): boolean => path !== 'cart.ts';
      assert.deepEqual(await find('tax.ts:3', 'calledBy', { accept }), ['tax.test.ts:4 -']);
      test.write({ 'cart.ts': shop['cart.ts'].replace('total', 'sum') });
      assert.deepEqual(await callers('tax.ts:3'), ['tax.test.ts:4 -']);
    });

    it('stay few for a name that is everywhere', async () => {
      const users = Object.fromEntries(
        Array.from({ length: 150 }, (_, i) => [
          `use/u${i}.ts`,
          `import { save } from '../save';\n\nexport function f${i}() {\n  save();\n}\n`,
        ]),
      );
      await index({ ...users, 'save.ts': 'export function save() {}\n' });
      assert.equal((await callers('save.ts:1')).length, 79, '80 files are read, the own one is among them');
    });
  });
});
