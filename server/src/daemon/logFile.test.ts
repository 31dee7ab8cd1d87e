import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './logFile.js';

describe('LogFile', () => {
  let dir: string;
  let path: string;
  let now: number;
  const lines = (file = path): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ln-'));
    path = join(dir, 'logs', 'daemon.log');
    now = Date.UTC(2024, 0, 2, 3, 4, 5, 6);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('writes JSON lines that only the user can read', () => {
    const log = new LogFile({ path, now: () => now });
    log.write('info', 'model.load', { ms: 12, name: 'a "b"\nc', gone: undefined, level: 'mine' });
    log.write('debug', 'left.out');
    log.dispose();
    log.write('info', 'too.late');
    assert.deepEqual(lines(), [
      {
        time: '2024-01-02T03:04:05.006Z',
        level: 'info',
        event: 'model.load',
        ms: 12,
        name: 'a "b"\nc',
        level_: 'mine',
      },
    ]);
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('cuts what is far too long for a log', () => {
    const log = new LogFile({ path });
    log.write('error', 'x', { error: 'y'.repeat(100_000) });
    log.dispose();
    assert.equal((lines()[0]?.['error'] as string).length, 2001);
  });

  it('appends to what is there, and keeps so many files of such a size', () => {
    for (let run = 0; run < 4; run++) {
      const log = new LogFile({ path, maxBytes: 1000, maxFiles: 3 });
      for (let i = 0; i < 10; i++) log.write('info', 'count', { n: run * 10 + i, pad: 'x'.repeat(60) });
      log.dispose();
    }
    assert.deepEqual(readdirSync(join(dir, 'logs')).sort(), ['daemon.log', 'daemon.log.1', 'daemon.log.2']);
    const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) => {
      assert.ok(statSync(file).size <= 1000);
      return lines(file).map(({ n }) => n as number);
    });
    assert.equal(kept.at(-1), 39);
    kept.forEach((n, i) => assert.equal(n, (kept[0] ?? 0) + i, 'none lost or out of order'));
  });

  it('goes on when its folder is removed', () => {
    const log = new LogFile({ path, maxBytes: 200 });
    log.write('info', 'one');
    rmSync(join(dir, 'logs'), { recursive: true });
    for (let i = 0; i < 10; i++) log.write('info', 'two', { i });
    assert.ok(existsSync(path));
    log.dispose();
  });

  it('drops and counts what cannot be written, and says so once it can', () => {
    mkdirSync(path, { recursive: true }); // A folder in the way is unwritable for root as well.
    const log = new LogFile({ path, now: () => now });
    log.write('info', 'one');
    log.write('info', 'two');
    assert.equal(log.dropped, 2);
    rmSync(path, { recursive: true });
    log.write('info', 'three');
    assert.equal(log.dropped, 3, 'not tried again at once');
    now += 5000;
    log.write('info', 'four');
    log.dispose();
    assert.deepEqual(
      lines().map(({ event, events }) => [event, events]),
      [
        ['log.dropped', 3],
        ['four', undefined],
      ],
    );
  });

  it('survives a full disk', function () {
    if (!existsSync('/dev/full')) return this.skip();
    const log = new LogFile({ path: '/dev/full' });
    log.write('error', 'one');
    assert.equal(log.dropped, 1);
    log.dispose();
  });

  it('survives a folder that may not be written', function () {
    if (process.getuid?.() === 0 || process.platform === 'win32') return this.skip();
    chmodSync(dir, 0o500);
    const log = new LogFile({ path });
    log.write('error', 'one');
    assert.equal(log.dropped, 1);
    chmodSync(dir, 0o700);
  });
});
