import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { person } from '../support/driver.js';
import { eventually, lantern, openSearch } from '../support/lantern.js';

describe('a daemon that cannot start', () => {
  it('is told in the search box and in the status bar, with the cause and what to do', async () => {
    const { client, search, statusBar } = await lantern();
    await openSearch('compact the log');
    await eventually('the box says so', () =>
      search.picker?.rows.some(({ label }) => label === 'The search failed'),
    );
    const reason = search.picker!.rows.map(({ label, detail }) => detail ?? label).join(' ');
    assert.match(reason, /settings\.json is no JSON.*Repair or remove it/);
    assert.equal(client.state.kind, 'failed');
    assert.match(statusBar.text, /warning/);
    await person.photograph('state-failed');
  });

  it('is started by the next search once the cause is gone, and the folder is indexed then', async () => {
    const { search } = await lantern();
    await rm(join(process.env['LANTERN_HOME'] ?? '', 'settings.json'));
    await openSearch('compact the log');
    await eventually(
      'there is an answer',
      () => search.picker?.rows.some(({ hit }) => hit?.path.endsWith('.rs')),
      30_000,
    );
  });
});
