// Runs the extension's tests inside real VS Code: node out/client/test/run.js [scenario …] [--grep TEXT] [--images FOLDER]
// Exits with 0 when all pass. LANTERN_VSCODE_PATH names a VS Code to use; without it one is found as below.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../shared/src/errors.js';
import { chooseWay } from './harness/chooseWay.js';
import { DriverServer } from './harness/driverServer.js';
import { runQuietly } from './harness/npm.js';
import { variables } from './harness/protocol.js';
import type { EditorWindow, WindowOptions } from './harness/window.js';
import { makePlace, type Place, removePlace } from './harness/workspaces.js';
import { quietSettings, type Scenario, scenarios } from './scenarios.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const suite = join(root, 'out', 'client', 'test', 'support', 'index.js');
/** Time limit of a scenario, from the start of the editor to its end. */
const limitMs = 8 * 60_000;
/** Most times that a scenario is opened. */
const openings = 3;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string' }, images: { type: 'string' }, keep: { type: 'boolean' } },
});

const chosen = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) {
  say(
    `No scenario is called ${positionals.join(', ')}. There are: ${scenarios.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const images = resolve(values.images ?? join(root, '.vscode-test', 'images'));
const open = await chooseWay(say);
const began = performance.now();
const failed: string[] = [];
for (const scenario of chosen) if (!(await runOpened(scenario))) failed.push(scenario.name);
const seconds = Math.round((performance.now() - began) / 1000);
if (failed.length > 0) say(`VS Code: ${failed.join(', ')} failed, after ${seconds} s.`);
else say(`VS Code: ${chosen.length} scenario(s) passed in ${seconds} s.`);
process.exit(failed.length === 0 ? 0 : 1);

type Outcome = 'passed' | 'failed' | 'without folders';

/**
 * Runs a scenario. Opens the editor again when it has opened none of its folders: VS Code in a browser drops the
 * folders of a `.code-workspace` when it reads the file between creating and saving its workspace.
 */
async function runOpened(scenario: Scenario): Promise<boolean> {
  for (let opening = 1; opening <= openings; opening += 1) {
    const outcome = await run(scenario);
    if (outcome !== 'without folders') return outcome === 'passed';
    const then = opening < openings ? 'opening it again' : 'giving up';
    say(`${scenario.name}: the editor opened none of its folders, no test has run; ${then}.`);
  }
  return false;
}

async function run(scenario: Scenario): Promise<Outcome> {
  const place = await makePlace(join(root, 'test-fixtures'), scenario.fixture);
  for (const [name, text] of Object.entries(scenario.home ?? {}))
    await writeFile(join(place.home, name), text);
  if (scenario.indexed === true) {
    await commandLine(place, 'index', place.workspace ?? '');
    await commandLine(place, 'stop');
  }
  const log: string[] = [];
  let window: EditorWindow | undefined;
  let withoutFolders = false as boolean;
  const driver = new DriverServer({
    page: () => opened(window).page,
    openWindow: (path) => opened(window).openWindow(path),
    imagesFolder: images,
    report: say,
    withoutFolders: () => (withoutFolders = true),
  });
  try {
    const endpoint =
      process.platform === 'win32' ? `\\\\.\\pipe\\lantern-test-${process.pid}` : join(place.root, 'driver');
    await driver.listen(endpoint);
    window = await open(windowOptions(scenario, place, endpoint, log));
    const code = await Promise.race([window.exitCode, limit()]);
    if (code === 0) return 'passed';
    await explain(scenario, window, log, code);
    return withoutFolders ? 'without folders' : 'failed';
  } catch (error) {
    say(`${scenario.name}: ${errorMessage(error)}`);
    await writeLog(scenario, log);
    return 'failed';
  } finally {
    await window?.close();
    await driver.close();
    await stopDaemon(place);
    if (values.keep === true) say(`Kept ${place.root}`);
    else await removePlace(place);
  }
}

function windowOptions(scenario: Scenario, place: Place, driver: string, log: string[]): WindowOptions {
  return {
    extension: root,
    suite,
    workspace: place.workspace,
    trusted: scenario.trusted,
    settings: { ...quietSettings, ...scenario.settings },
    env: {
      // The memory view shows paths relative to it.
      HOME: place.root,
      LANTERN_HOME: place.home,
      [variables.driver]: driver,
      [variables.scenario]: scenario.name,
      [variables.grep]: values.grep ?? '',
      [variables.folders]: scenario.fixture === undefined ? 'no' : 'yes',
    },
    dataFolder: join(place.root, 'editor'),
    onLog: (line) => log.push(line),
  };
}

function opened(window: EditorWindow | undefined): EditorWindow {
  if (window === undefined) throw new Error('The window is not open yet.');
  return window;
}

async function limit(): Promise<number> {
  await new Promise((settle) => setTimeout(settle, limitMs).unref());
  return 124;
}

async function explain(scenario: Scenario, window: EditorWindow, log: string[], code: number): Promise<void> {
  const picture = join(images, `failed-${scenario.name}.png`);
  await mkdir(images, { recursive: true });
  await window.page.screenshot({ path: picture }).catch(() => undefined);
  const file = await writeLog(scenario, log);
  const what = code === 124 ? `did not end within ${limitMs / 60_000} minutes` : `ended with ${code}`;
  say(`${scenario.name} ${what}. The editor's log: ${file}; its window: ${picture}`);
}

async function writeLog(scenario: Scenario, log: readonly string[]): Promise<string> {
  const file = join(images, `failed-${scenario.name}.log`);
  await mkdir(images, { recursive: true });
  await writeFile(file, `${log.join('\n')}\n`);
  return file;
}

/** The daemon of the extension outlives the editor, so the test stops it. */
async function stopDaemon(place: Place): Promise<void> {
  const record = await readFile(join(place.home, 'daemon.json'), 'utf8').catch(() => undefined);
  if (record === undefined) return;
  await commandLine(place, 'stop').catch((error: unknown) =>
    say(`The daemon of ${place.home} could not be stopped: ${errorMessage(error)}`),
  );
}

async function commandLine({ home }: Place, ...args: string[]): Promise<void> {
  const env = { ...process.env, LANTERN_HOME: home };
  await runQuietly(process.execPath, [join(root, 'dist', 'lantern.js'), ...args], root, env);
}
