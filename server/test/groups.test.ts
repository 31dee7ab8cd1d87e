import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { GroupsResult, SearchResult } from '../../shared/src/protocol/protocol.js';
import { Cli } from './support/cliHarness.js';

/** From outside, with the command line. What agents see of it is in the tests of their tools. */
describe('a group of folders', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let cli: Cli;
  let shop: string;
  let gateway: string;
  let pipeline: string;

  before(async () => {
    cli = new Cli();
    [shop, gateway, pipeline] = [
      cli.folder('typescript-shop'),
      cli.folder('go-gateway'),
      cli.folder('python-pipeline'),
    ];
    await cli.index(shop);
    await cli.index(gateway);
  });
  after(() => cli.dispose());

  const places = ({ hits }: SearchResult): Set<string> => new Set(hits.map(({ folder }) => folder));
  const search = (...args: string[]): Promise<SearchResult> => cli.json(['search', ...args, '--wait']);

  it('is made by naming folders, and says which have no index', async () => {
    const { groups, unindexed } = await cli.json<GroupsResult>([
      'group',
      'add',
      'all',
      shop,
      gateway,
      pipeline,
    ]);
    assert.deepEqual(groups, [{ name: 'all', folders: [shop, gateway, pipeline].sort() }]);
    assert.deepEqual(unindexed, [pipeline]);
    await cli.run(['group', 'add', 'web', '.'], { cwd: shop });
    const { stdout } = await cli.run(['group', 'list']);
    assert.match(stdout, /all, 3 folders\n[\s\S]*not indexed yet; lantern index ".*"[\s\S]*web, 1 folder\n/);
  });

  it('is searched as one, from anywhere, and what has no index is said', async () => {
    const both = await search(
      'stop asking an upstream that keeps failing',
      '--group',
      'all',
      '--limit',
      '20',
    );
    assert.equal(both.hits[0]?.folder, gateway);
    assert.deepEqual(places(both), new Set([shop, gateway]));
    assert.match(both.coverage.reason ?? '', /"[^"]*" of the group have no index; lantern index PATH/);
    const payment = await search('retry a failed payment', '--group', 'all');
    assert.equal(payment.hits[0]?.folder, shop);
    const web = await search('stop asking an upstream that keeps failing', '--group', 'web');
    assert.deepEqual(places(web), new Set([shop]));
    assert.equal(web.coverage.reason, undefined);
    const { stdout } = await cli.run([
      'search',
      'stop asking an upstream that keeps failing',
      '--group',
      'all',
    ]);
    assert.ok(stdout.includes(join(gateway, 'internal')) || stdout.includes('internal'), stdout);
  });

  it('and all indexed folders need no group', async () => {
    const found = await search('stop asking an upstream that keeps failing', '--all', '--limit', '20');
    assert.deepEqual(places(found), new Set([shop, gateway]));
    assert.equal(found.coverage.reason, undefined);
  });

  it('that is wrong or unknown is an error that says what to do', async () => {
    for (const [args, message] of [
      [['search', 'x', '--group', 'none'], /There is no group "none"\. There are: "all", "web"/],
      [['search', 'x', '--group', 'web', '--all'], /Take one of --path, --group and --all/],
      [['group', 'add', 'web'], /lantern group add NAME FOLDER/],
      [['group', 'add', '../web', shop], /is no name of a group/],
      [['group', 'add', 'web', join(shop, 'none')], /none/],
      [['group', 'remove', 'web', gateway], /is not in the group "web"/],
    ] as const) {
      const { code, stderr } = await cli.run(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, message);
    }
  });

  it('is gone when its last folder is, and the indexes stay', async () => {
    await cli.run(['group', 'remove', 'web', shop]);
    const { groups } = await cli.json<GroupsResult>(['group', 'remove', 'all']);
    assert.deepEqual(groups, []);
    assert.equal((await cli.status()).folders.length, 2);
  });
});
