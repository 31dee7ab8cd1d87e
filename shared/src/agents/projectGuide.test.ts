import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ProjectGuide, guideText } from './projectGuide.js';
import { runsOr } from '../../test/runLength.js';

describe('the section in AGENTS.md', () => {
  let folder: string;
  let file: string;
  let guide: ProjectGuide;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-guide-'));
    file = join(folder, 'AGENTS.md');
    guide = new ProjectGuide({ project: folder, dataDir: join(folder, 'data') });
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const text = (): string => readFileSync(file, 'utf8');
  const receipts = (): string[] =>
    readdirSync(join(folder, 'data', 'agents')).map((name) => join(folder, 'data', 'agents', name));

  it('makes the file, and removes it again', async () => {
    assert.deepEqual(await guide.state(), { kind: 'absent' });
    assert.equal(await guide.install(), 'added');
    assert.match(text(), /^<!-- lantern:begin.*-->\n\n## [^]*\n<!-- lantern:end -->\n$/);
    assert.ok(text().includes(guideText));
    assert.deepEqual(await guide.state(), { kind: 'present', current: true });
    assert.equal(await guide.install(), 'unchanged');
    assert.equal(await guide.uninstall(), 'removed');
    assert.ok(!existsSync(file));
    assert.equal(await guide.uninstall(), 'absent');
  });

  it('follows what is there, and leaves it as it was, byte for byte', async () => {
    const part = fc.constantFrom(
      '# Title',
      'text',
      '\n',
      '\n\n',
      '\r\n',
      ' ',
      '\t',
      '<!-- note -->',
      'ü',
      '\ufeff',
    );
    const texts = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, async (before) => {
        writeFileSync(file, before);
        assert.equal(await guide.install(), 'added');
        assert.ok(text().startsWith(before));
        assert.equal(await guide.install(), 'unchanged');
        assert.equal(await guide.uninstall(), 'removed');
        assert.equal(text(), before);
      }),
      { numRuns: runsOr(50) },
    );
  });

  it('begins after a blank line, in the line ends of the file', async () => {
    writeFileSync(file, '# Rules\r\nNo tabs.');
    await guide.install();
    assert.ok(text().startsWith('# Rules\r\nNo tabs.\r\n\r\n<!-- lantern:begin'));
    assert.doesNotMatch(text(), /[^\r]\n/);
    writeFileSync(file, '# Rules\n');
    await guide.install();
    assert.ok(text().startsWith('# Rules\n\n<!-- lantern:begin'));
  });

  it('replaces the section of another version where it stands, and can still undo it', async () => {
    writeFileSync(file, '# Rules\n');
    await guide.install();
    const old = text().replace('## Searching this code', '## Old title');
    writeFileSync(file, `${old}\n# Added later\n`);
    // The record says what was inserted, so an older one has the older text.
    const [receipt = ''] = receipts();
    writeFileSync(receipt, readFileSync(receipt, 'utf8').replace('## Searching this code', '## Old title'));
    assert.deepEqual(await guide.state(), { kind: 'present', current: false });
    assert.equal(await guide.install(), 'changed');
    assert.match(text(), /^# Rules\n\n<!--[^]*## Searching this code[^]*-->\n\n# Added later\n$/);
    assert.equal(await guide.uninstall(), 'removed');
    assert.equal(text(), '# Rules\n\n# Added later\n');
  });

  it('takes the section out of a file that another machine has written', async () => {
    writeFileSync(file, '# Rules\n');
    await guide.install();
    writeFileSync(file, `${text()}\nMore.\n`);
    const here = new ProjectGuide({ project: folder, dataDir: join(folder, 'other-data') });
    assert.equal(await here.uninstall(), 'removed');
    assert.equal(text(), '# Rules\n\nMore.\n');
  });

  it('keeps the link and the mode of the file', async function () {
    if (process.platform === 'win32') this.skip();
    const target = join(folder, 'CLAUDE.md');
    writeFileSync(target, '# Rules\n', { mode: 0o640 });
    symlinkSync('CLAUDE.md', file);
    await guide.install();
    assert.match(readFileSync(target, 'utf8'), /lantern:begin/);
    await guide.uninstall();
    assert.equal(readlinkSync(file), 'CLAUDE.md');
    assert.equal(readFileSync(target, 'utf8'), '# Rules\n');
    assert.equal(statSync(target).mode & 0o777, 0o640);
  });

  it('refuses markers that are not one pair, and changes nothing', async () => {
    for (const damaged of [
      'a\n<!-- lantern:begin -->\n',
      '<!-- lantern:end -->\nb\n<!-- lantern:begin -->\n',
      '<!-- lantern:begin -->\n<!-- lantern:begin -->\n<!-- lantern:end -->\n',
    ]) {
      writeFileSync(file, damaged);
      await assert.rejects(guide.install(), /left as it is/);
      await assert.rejects(guide.uninstall(), /left as it is/);
      assert.equal((await guide.state()).kind, 'unreadable');
      assert.equal(text(), damaged);
    }
  });
});
