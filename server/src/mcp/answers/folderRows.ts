import { z } from 'zod';
import type { FolderStatus } from '../../../../shared/src/protocol/protocol.js';
import { safeLine } from '../../../../shared/src/safeText.js';

/** A folder as agents see it. */
export const folderRow = z.object({
  path: z.string(),
  state: z.enum(['ready', 'partial', 'scanning', 'indexing', 'paused', 'failed', 'not_indexed']),
  reason: z.string().optional(),
  files: z.number(),
  files_pending: z.number(),
  chunks: z.number(),
  chunks_pending: z.number(),
  indexed_at: z.string().optional().describe('End of the last complete pass'),
});

export type FolderRow = z.output<typeof folderRow>;

export function rowOf(folder: FolderStatus): FolderRow {
  const { path, status, files, filesPending, chunks, chunksPending, indexedAt } = folder;
  return {
    path,
    state: stateOf(folder),
    ...(status.kind === 'failed' && { reason: safeLine(status.reason, 300) }),
    files,
    files_pending: filesPending,
    chunks,
    chunks_pending: chunksPending,
    ...(indexedAt !== null && { indexed_at: new Date(indexedAt).toISOString() }),
  };
}

export function missingRow(path: string): FolderRow {
  return {
    path,
    state: 'not_indexed',
    files: 0,
    files_pending: 0,
    chunks: 0,
    chunks_pending: 0,
  };
}

function stateOf({ status }: FolderStatus): FolderRow['state'] {
  switch (status.kind) {
    case 'partial':
    case 'scanning':
    case 'indexing':
    case 'paused':
    case 'failed':
      return status.kind;
    case 'idle':
      return 'ready';
  }
}

/** One line for people and models, with the next step if there is one. */
export function describe(row: FolderRow): string {
  const path = safeLine(row.path, 400);
  switch (row.state) {
    case 'ready':
      return `${path}: ready, ${row.files} files, ${row.chunks} chunks, complete as of ${row.indexed_at ?? 'never'}`;
    case 'partial':
      return `${path}: partly indexed, ${row.files_pending} of ${row.files} files pending, and nothing works on it now; index_directory completes it`;
    case 'scanning':
      return `${path}: its files are being read`;
    case 'indexing':
      return `${path}: indexing, ${row.chunks_pending} of ${row.chunks} chunks to go; what is done is searchable`;
    case 'paused':
      return `${path}: paused by the user, ${row.chunks_pending} chunks pending; what is done is searchable`;
    case 'failed':
      return `${path}: the last pass failed: ${row.reason ?? 'unknown'}; index_directory tries again`;
    case 'not_indexed':
      return `${path}: not indexed; index_directory adds it`;
  }
}
