import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/**
 * Name of the collection of one folder and model: readable, 3 to 63 characters, made unique by a digest. `owner` (the
 * installation's id) keeps machines with the same paths apart on a shared server.
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

/** Whether `collectionName` may have made this name. */
export const isOurs = (name: string): boolean => /^lantern-.*[0-9a-f]{24}$/.test(name);

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 14)
    .replace(/^-+|-+$/g, '');
}
