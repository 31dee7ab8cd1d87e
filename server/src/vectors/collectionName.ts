import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/**
 * The collection of one folder and model: readable at a look, 3 to 63 characters, told apart by a digest. `owner` (the
 * catalog's own id) keeps two machines with the same paths apart on a shared server.
 */
export function collectionName(folder: string, model: string, owner = ''): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([folder, model, owner]))
    .digest('hex')
    .slice(0, 24);
  const parts = [basename(folder), model.slice(model.lastIndexOf('/') + 1)]
    .map(slug)
    .filter((part) => part !== '');
  return ['lantern', ...parts, digest].join('-');
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 14)
    .replace(/^-+|-+$/g, '');
}
