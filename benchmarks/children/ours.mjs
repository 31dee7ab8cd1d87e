// Lantern's model as the daemon uses it, for measurements in one process.
import { nullLog } from '../../out/shared/src/log.js';
import { defaultSettings } from '../../out/shared/src/settings/settings.js';
import { collectGarbage } from '../../out/server/src/service/garbage.js';
import { ModelCache } from '../../out/server/src/model/modelCache.js';
import { ModelLoader } from '../../out/server/src/model/modelLoader.js';
import { ModelRegistry } from '../../out/server/src/model/registry.js';
import { modelsDir } from '../../out/server/src/paths.js';

export const input = JSON.parse(process.argv[2] ?? '{}');

export const tell = (result) => console.log(JSON.stringify(result));

/** Cache, loader and registry; `dtype` and `threads` over the settings' defaults. */
export function openParts(chosen = {}) {
  const settings = { ...defaultSettings.model, ...chosen };
  const registry = new ModelRegistry({ modelsDir: modelsDir(import.meta.url), dataDir: '', log: nullLog });
  const loader = new ModelLoader({ registry, settings: () => settings, log: nullLog });
  const cache = new ModelCache({ log: nullLog, loader: (id) => loader.load(id) });
  return { settings, registry, loader, cache, resolve: () => registry.resolve(settings) };
}

/** Resident memory after collecting garbage, as of a daemon at rest. */
export async function settledRss() {
  await collectGarbage();
  return process.memoryUsage.rss();
}
