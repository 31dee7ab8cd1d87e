import { join } from 'node:path';
import { type ModelFiles, readModelFolder } from '../../src/model/modelFolder.js';
import { modelsDir } from '../../src/paths.js';

/** The files of the bundled model with int8 weights. */
export function bundledModel(): Promise<ModelFiles> {
  const folder = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');
  return readModelFolder({ name: 'all-MiniLM-L6-v2', revision: 'r', dtype: 'int8' }, 'bundled', folder);
}
