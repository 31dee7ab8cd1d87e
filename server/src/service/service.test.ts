import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LanternError } from '../../../shared/src/errors.js';
import type { IndexProgress, SearchParams, SearchResult } from '../../../shared/src/protocol/protocol.js';
import { Gate } from '../../test/support/testGate.js';
import { TestService } from '../../test/support/testService.js';

const files = {
  'window.ts': 'export function openWindow() { glass.move(); }',
  'door.ts': 'export function closeDoor() { hinge.turn(); }',
  'sub/roof.py': 'def mend_roof(): return tiles',
};

describe('Service', () => {
  let test: TestService;

  beforeEach(() => (test = new TestService(files)));
  afterEach(() => test.dispose());

  const none = { folders: () => [] };
  const search = (params: Partial<SearchParams> = {}, signal?: AbortSignal): Promise<SearchResult> =>
    test.service.search({ query: 'hinge turn', path: test.root, ...params }, none, signal);
  const index = (path = test.root) => test.service.index({ path }, () => undefined);
  const paths = ({ hits }: SearchResult): string[] => hits.map(({ path }) => path);

  /** As if the folder had been compared with the disk long ago. */
  const forgetScan = async (): Promise<void> => {
    (await test.index.folders.find(test.root))!.folder.scannedAt = -Infinity;
  };

  const rejects = (work: Promise<unknown>, code: string, message: RegExp): Promise<void> =>
    assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof LanternError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });

  describe('search', () => {
    it('finds code, and says what the answer covers', async () => {
      await index();
      const result = await search();
      assert.equal(result.hits[0]?.path, 'door.ts');
      assert.deepEqual(result.coverage, {
        filesTotal: 3,
        filesIndexed: 3,
        filesPending: 0,
        filesUnread: 0,
        filesByMeaning: 3,
        semantic: true,
      });
      assert.ok(result.elapsedMs >= 0);
    });

    it('indexes an unknown folder when it may wait, and only then', async () => {
      await rejects(search(), 'not-found', /is not indexed\. Index it first: lantern index/);
      const result = await search({ wait: true });
      assert.equal(result.hits[0]?.path, 'door.ts');
      assert.equal(result.coverage.filesPending, 0);
    });

    it('starts the index of an unknown folder and waits for it as long as it has patience', async () => {
      const result = await search({ patienceMs: 10_000 });
      assert.equal(result.hits[0]?.path, 'door.ts');
      assert.equal(result.coverage.filesPending, 0);
    });

    it('goes on indexing after it has answered without patience', async () => {
      const { elapsedMs } = await search({ patienceMs: 0 });
      assert.ok(elapsedMs < 1000);
      while ((await test.service.indexed(test.root))?.chunksPending !== 0) await sleep(5);
    });

    it('leaves a collection aside that does not answer, and says so', async () => {
      await index();
      const { projector } = (await test.index.folders.find(test.root))!.folder.indexer;
      projector.withCollection = () => new Promise(() => undefined);
      const { hits, coverage, elapsedMs } = await search();
      assert.ok(elapsedMs < 1000, `${elapsedMs} ms`);
      assert.equal(hits[0]?.path, 'door.ts');
      assert.match(coverage.reason ?? '', /Chroma has not answered in time/);
      assert.equal(coverage.semantic, true);
    });

    it('does not blame a collection for vectors that there are not yet', async () => {
      const gate = new Gate();
      test.index.embedder.before = () => gate.pass();
      const indexing = index();
      await gate.reached;
      const { projector } = (await test.index.folders.find(test.root))!.folder.indexer;
      const answers = projector.withCollection.bind(projector);
      projector.withCollection = () => new Promise(() => undefined);
      const { coverage } = await search();
      assert.equal(coverage.reason, undefined);
      assert.equal(coverage.filesPending, 3);
      projector.withCollection = answers;
      gate.open();
      await indexing;
    });

    it('answers from what is indexed when the index cannot go on, and says why', async () => {
      await index();
      await forgetScan();
      const { indexer } = (await test.index.folders.find(test.root))!.folder;
      indexer.scan = () => Promise.reject(new LanternError('disk-full', 'the disk is full'));
      for (const wait of [false, true]) {
        const { hits, coverage } = await search({ wait });
        assert.equal(hits[0]?.path, 'door.ts');
        if (wait) assert.equal(coverage.reason, 'the disk is full');
      }
    });

    it('has the files that it found embedded before the rest', async () => {
      // Two pages of chunks, and one more.
      for (let i = 10; i < 75; i++) test.index.write({ [`file${i}.ts`]: `export const value${i} = ${i};\n` });
      const gate = new Gate();
      const { embedder } = test.index;
      embedder.before = () => gate.pass();
      const indexing = index();
      await gate.reached;
      const found = await search({ query: 'value70', mode: 'lexical' });
      assert.equal(found.hits[0]?.path, 'file70.ts');
      gate.open();
      await indexing;
      const at = embedder.embedded.findIndex((text) => text.includes('value70'));
      assert.ok(at >= 0 && at < 40, `embedded as number ${at} of ${embedder.embedded.length}`);
    });

    it('says why there is nothing to search, until there is', async () => {
      const root = join(test.root, 'empty');
      mkdirSync(root);
      const asked = { path: root, wait: true } as const;
      assert.equal((await search(asked)).coverage.emptyBecause, 'The folder is empty.');
      test.index.write({ 'empty/.gitignore': '/*\n', 'empty/a.ts': 'hinge turn' });
      // Within the second after a scan, a search does not scan again.
      (await test.index.folders.find(root))!.folder.scannedAt = -Infinity;
      const hidden = /^\.gitignore line 1, "\/\*", hides the only entry/;
      assert.match((await search({ path: root, wait: true })).coverage.emptyBecause ?? '', hidden);
      assert.match((await search({ path: root })).coverage.emptyBecause ?? '', hidden);
      test.index.write({ 'empty/.gitignore': '/*\n!/b.md\n', 'empty/b.md': 'hinge turn' });
      (await test.index.folders.find(root))!.folder.scannedAt = -Infinity;
      const found = await search(asked);
      assert.deepEqual([paths(found), found.coverage.emptyBecause], [['b.md'], undefined]);
      await test.service.index({ path: test.root }, () => undefined);
      assert.equal((await search({ query: 'nowhere' })).coverage.emptyBecause, undefined);
    });

    it('does not load the model for a lexical search', async () => {
      test.model.before = () => assert.fail('the model was asked');
      const result = await search({ mode: 'lexical', wait: true });
      assert.deepEqual(paths(result), ['door.ts']);
      assert.equal(result.coverage.semantic, false);
      assert.deepEqual(test.index.embedder.embedded, []);
      assert.equal(result.coverage.filesPending, 3, 'vectors are still to come');
    });

    it('does not load the model for folders that are not indexed', async () => {
      test.model.loaded = false;
      const found = await test.service.search({ query: 'hinge' }, { folders: () => [test.root] });
      assert.deepEqual([found.hits, found.coverage.semantic, test.model.preloads], [[], false, 0]);
    });

    it('answers by terms at once while the model is not loaded, and starts loading it', async () => {
      await index();
      test.model.loaded = false;
      const first = await search();
      assert.deepEqual(paths(first), ['door.ts']);
      assert.equal(first.coverage.semantic, false);
      assert.match(first.coverage.reason ?? '', /being loaded/);
      assert.equal(test.model.preloads, 1);
      assert.equal((await search()).coverage.semantic, true);
    });

    it('answers by terms when the model fails, unless a semantic search was asked for', async () => {
      await index();
      test.model.before = () => {
        throw new LanternError('model-damaged', 'The model is broken.');
      };
      const result = await search();
      assert.deepEqual(paths(result), ['door.ts']);
      assert.equal(result.coverage.reason, 'The model is broken.');
      await rejects(search({ mode: 'semantic' }), 'model-damaged', /broken/);
    });

    it('sees changes on disk since the last scan', async () => {
      await index();
      test.index.write({ 'new.ts': 'hinge turn hinge turn' });
      await forgetScan();
      assert.ok(paths(await search({ mode: 'lexical' })).includes('new.ts'));
    });

    it('never shows a deleted file, however fresh the index is', async () => {
      await index();
      await test.index.remove('door.ts');
      assert.deepEqual(paths(await search({ mode: 'lexical' })), []);
    });

    it('does not wait long for a slow folder', async () => {
      await index();
      await forgetScan();
      const gate = new Gate();
      const { indexer } = (await test.index.folders.find(test.root))!.folder;
      const scan = indexer.scan.bind(indexer);
      indexer.scan = async (signal) => {
        await gate.pass();
        return scan(signal);
      };
      const result = await search();
      assert.equal(result.hits[0]?.path, 'door.ts');
      gate.open();
    });

    it('searches all folders of the caller, or the one that is named', async () => {
      const other = new TestService({ 'gate.ts': 'hinge turn gate' });
      try {
        await index();
        await index(other.root);
        const caller = { folders: () => [test.root, other.root, '/not/indexed'] };
        const result = await test.service.search({ query: 'hinge' }, caller);
        assert.deepEqual(new Set(result.hits.map(({ folder }) => folder)), new Set([test.root, other.root]));
        assert.equal(result.coverage.filesTotal, 4);
        const scores = result.hits.map(({ score }) => score);
        assert.deepEqual(
          scores,
          [...scores].sort((a, b) => b - a),
        );
        assert.equal((await test.service.search({ query: 'hinge', limit: 1 }, caller)).hits.length, 1);
        const one = await test.service.search({ query: 'hinge', path: other.root }, caller);
        assert.ok(one.hits.every(({ folder }) => folder === other.root));
      } finally {
        await test.index.folders.remove(other.root);
        await other.dispose();
      }
    });

    it('shows a hit once when one of the caller’s folders is inside another', async () => {
      const inside = join(test.root, 'sub');
      assert.equal((await index(inside)).filesTotal, 1);
      for (const folders of [
        [inside, test.root],
        [test.root, inside],
        [inside, inside],
      ]) {
        const { hits, coverage } = await test.service.search(
          { query: 'mend roof', wait: true },
          { folders: () => folders },
        );
        const places = hits.map(({ folder, path, startLine }) => `${join(folder, path)}:${startLine}`);
        assert.equal(places.filter((place) => place.includes('roof.py')).length, 1, places.join());
        assert.equal(coverage.filesTotal, 3);
      }
    });

    it('searches a subfolder of an indexed folder alone', async () => {
      await index();
      const { hits } = await search({ query: 'mend roof', path: join(test.root, 'sub') });
      assert.deepEqual(
        hits.map(({ folder, path }) => [folder, path]),
        [[join(test.root, 'sub'), 'roof.py']],
      );
    });

    it('knows languages by their aliases, and rejects an unknown one', async () => {
      await index();
      assert.deepEqual(paths(await search({ language: 'py', mode: 'semantic' })), ['sub/roof.py']);
      assert.deepEqual(paths(await search({ language: 'Python', mode: 'semantic' })), ['sub/roof.py']);
      await rejects(search({ language: 'klingon' }), 'bad-request', /Unknown language "klingon"/);
    });

    it('rejects a request that names no folder', async () => {
      await rejects(test.service.search({ query: 'x' }, none), 'bad-request', /No folder was named/);
      await rejects(search({ path: 'relative' }), 'bad-request', /absolute/);
    });

    it('stops when it is cancelled', async () => {
      await index();
      const controller = new AbortController();
      test.model.before = () => controller.abort();
      await rejects(search({}, controller.signal), 'cancelled', /cancelled/);
    });
  });

  describe('findRelated', () => {
    const related = (file: string, more = {}): Promise<SearchResult> =>
      test.service.findRelated({ path: test.root, file, line: 1, ...more }, none);

    it('finds code similar to a place, by relative and absolute paths', async () => {
      await index();
      for (const file of ['window.ts', join(test.root, 'window.ts')]) {
        const result = await related(file);
        assert.deepEqual(paths(result).sort(), ['door.ts', 'sub/roof.py']);
        assert.equal(result.coverage.semantic, true);
      }
      assert.equal((await related('window.ts', { limit: 1 })).hits.length, 1);
    });

    it('works through a link to the folder', async function () {
      if (process.platform === 'win32') this.skip();
      await index();
      const link = join(test.index.files.home, 'link');
      symlinkSync(test.root, link);
      for (const file of ['window.ts', join(link, 'window.ts')])
        assert.equal((await related(file, { path: link })).hits.length, 2);
    });

    it('answers without waiting for a vector, and says that there is none', async () => {
      const gate = new Gate();
      test.index.embedder.before = () => gate.pass();
      const indexing = index();
      await gate.reached;
      const { hits, coverage } = await related('window.ts');
      assert.deepEqual([hits, coverage.semantic], [[], false]);
      assert.match(coverage.reason ?? '', /no vector/);
      gate.open();
      await indexing;
    });

    it('says when a file or folder is not indexed', async () => {
      await rejects(related('window.ts'), 'not-found', /is not indexed/);
      await index();
      const unknown = (file: string, message: RegExp) => rejects(related(file), 'not-found', message);
      await unknown('nowhere.ts', /^nowhere\.ts is not indexed in .*: there is no such file\.$/);
      await unknown('../outside.ts', /outside\.ts is not indexed in .*: it lies outside\.$/);
      writeFileSync(join(test.root, 'noise.ts'), 'a\0b');
      await forgetScan();
      await unknown('noise.ts', /: it was left out \(binary\)\.$/);
      writeFileSync(join(test.root, 'new.ts'), 'export const a = 1;');
      await unknown('new.ts', /: it may be excluded or new\.$/);
      // As if a scan had counted one more.
      (await test.index.folders.find(test.root))!.folder.filesTotal = 4;
      await unknown('new.ts', /: it may not have been read yet \(3 files so far\)\. Ask/);
      const beyond = await related('window.ts', { line: 99 });
      assert.deepEqual([beyond.hits, beyond.coverage.semantic], [[], false]);
      assert.match(beyond.coverage.reason ?? '', /no vector/);
    });
  });

  it('indexes, and reports progress to the caller', async () => {
    const progress: IndexProgress[] = [];
    const report = await test.service.index({ path: test.root }, (event) => progress.push(event));
    assert.deepEqual([report.folder, report.filesAdded, report.chunksEmbedded], [test.root, 3, 3]);
    assert.deepEqual(
      progress.flatMap((event) => (event.kind === 'scanning' ? [event.files] : [])),
      [1, 2, 3],
    );
    assert.ok(progress.some(({ kind }) => kind === 'embedding'));
    const { folder } = (await test.index.folders.find(test.root))!;
    const listeners = folder.progress.size;
    await index();
    assert.equal(folder.progress.size, listeners, 'no listener is left');
  });

  it('reports status and memory', async () => {
    await index();
    const clients = [{ name: 'cli', pid: 1, since: 2, folders: [] }];
    const status = test.service.status(clients);
    assert.deepEqual([status.version, status.pid, status.clients], ['1.2.3', process.pid, clients]);
    assert.deepEqual(status.model, {
      name: 'test-model',
      dtype: 'int8',
      status: { kind: 'ready', provider: 'cpu' },
    });
    assert.deepEqual(
      status.folders.map(({ path, files: count }) => [path, count]),
      [[test.root, 3]],
    );
    const memory = await test.service.memory(clients);
    assert.deepEqual(memory.chroma, { pid: 7, rssBytes: 70 });
    assert.ok(memory.daemon.rssBytes > 0 && memory.disk.catalogBytes > 0);
    assert.equal(memory.disk.chromaBytes, 700);
    assert.equal(memory.folders[0]?.diskBytes, memory.disk.catalogBytes + 700);
  });

  it('pauses and resumes one folder, or all', async () => {
    await index();
    const state = (): string => test.service.status([]).folders[0]?.status.kind ?? 'none';
    await test.service.pause(join(test.root, 'sub'));
    assert.equal(state(), 'paused');
    await test.service.resume(undefined);
    assert.equal(state(), 'idle');
    await test.service.pause(undefined);
    assert.equal(state(), 'paused');
    await test.service.resume(test.root);
    assert.equal(state(), 'idle');
    await rejects(test.service.pause('/nowhere'), 'not-found', /not indexed/);
  });

  it('continues indexing in an outer folder that was opened meanwhile', async () => {
    const gate = new Gate();
    test.index.embedder.before = () => gate.pass();
    const inner = index(join(test.root, 'sub'));
    await gate.reached;
    const { indexer } = (await test.index.folders.find(join(test.root, 'sub')))!.folder;
    const outer = index();
    while (!indexer.disposed) await sleep(1);
    gate.open();
    assert.equal((await inner).folder, test.root);
    await outer;
    assert.deepEqual(
      test.service.status([]).folders.map(({ path }) => path),
      [test.root],
    );
  });

  it('notifies when status or memory has changed', async () => {
    let changes = 0;
    const listening = test.service.onDidChange(() => changes++);
    await index();
    assert.ok(changes > 0);
    changes = 0;
    test.model.changed.emit(undefined);
    assert.equal(changes, 1);
    listening.dispose();
    test.model.changed.emit(undefined);
    await index();
    assert.equal(changes, 1);
  });

  it('begins no index where only an existing one was asked for', async () => {
    const again = (): Promise<unknown> =>
      test.service.index({ path: join(test.root, 'sub'), existing: true }, () => undefined);
    await rejects(again(), 'not-found', /not indexed/);
    assert.deepEqual(test.service.status([]).folders, []);
    await index();
    await again();
    assert.deepEqual(
      test.service.status([]).folders.map(({ path }) => path),
      [test.root],
    );
  });

  it('indexes changes that an editor saw', async () => {
    await index();
    test.index.write({ 'late.ts': 'hinge hinge hinge' });
    test.service.changed([join(test.root, 'late.ts'), '/elsewhere/x.ts']);
    while (test.service.status([]).folders[0]?.files !== 4) await sleep(5);
  });

  it('removes, clears and preloads', async () => {
    await index();
    assert.deepEqual(await test.service.remove(test.root), { folder: test.root, files: 3, chunks: 3 });
    assert.deepEqual(await test.service.clearCache(), { models: 1, bytes: 5 });
    await test.service.preload();
    assert.equal(test.model.preloads, 1);
    assert.deepEqual(await test.service.models(), { models: [] });
  });
});
