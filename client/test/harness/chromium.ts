import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CannotBeHad, exists, installOnce, type Say } from './cache.js';
import { makePackage, npm, runQuietly } from './npm.js';

const version = '153.0.0';

/** A browser, and what its environment needs. */
export interface Browser {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The system's browser, otherwise one from npm, which `node` unpacks. */
export async function ensureChromium(node: string, say: Say): Promise<Browser> {
  const own = await systemBrowser();
  if (own !== undefined) return { executablePath: own, env: {} };
  const folder = await installOnce(
    `chromium-${version}-${process.platform}-${process.arch}`,
    say,
    async (partial) => {
      if (process.platform !== 'linux' || process.arch !== 'x64') {
        throw new CannotBeHad(
          'No browser was found. Install Chromium or Chrome, or set LANTERN_CHROMIUM to its path.',
        );
      }
      say('No Chromium was found on this system: taking one from npm. (Debian: apt-get install chromium)');
      await makePackage(partial, { '@sparticuz/chromium': version });
      await npm(partial, ['install', '--ignore-scripts']);
      const unpacked = join(partial, 'unpacked');
      await mkdir(unpacked);
      const program =
        "const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();";
      // Its libraries are unpacked only when it recognises the system that it was made for.
      const env = { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
      await runQuietly(node, ['--input-type=module', '-e', program], partial, env);
      // Its own configuration names folders of the system that it was made for.
      await writeFile(join(unpacked, 'fonts', 'fonts.conf'), fontsConf);
    },
  );
  const unpacked = join(folder, 'unpacked');
  return {
    executablePath: join(unpacked, 'chromium'),
    env: {
      LD_LIBRARY_PATH: join(unpacked, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(unpacked, 'fonts'),
    },
  };
}

const fontsConf = `<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

async function systemBrowser(): Promise<string | undefined> {
  const chosen = process.env['LANTERN_CHROMIUM'];
  if (chosen) return chosen;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const paths = [
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}
