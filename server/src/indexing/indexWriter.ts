import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';
import { Sequence } from '../../../shared/src/sequence.js';
import type {
  Catalog,
  FileChange,
  FolderRow,
  NewFolder,
  NewVector,
  OutboxDelete,
  VectorOrigin,
} from '../catalog/catalog.js';
import type { ReadSettings } from '../source/sourceTexts.js';
import { refreshUsage } from './usagePass.js';

/** All that changes a catalog while the daemon runs. Arguments and results can be sent from one thread to another. */
export const writeOperations = (catalog: Catalog) => ({
  addFolder: (folder: NewFolder) => catalog.addFolder(folder),
  replaceFolder: (id: number, folder: NewFolder) => catalog.replaceFolder(id, folder),
  removeFolder: (id: number) => catalog.removeFolder(id),
  renewCollection: (id: number, generation: string) => catalog.renewCollection(id, generation),
  markIndexed: (id: number, at: number) => catalog.markIndexed(id, at),
  writeFiles: (folder: FolderRow, changes: readonly FileChange[]) => catalog.writeFiles(folder, changes),
  putVectors: (
    folder: FolderRow,
    vectors: readonly NewVector[],
    fileIds?: readonly number[],
    origin?: VectorOrigin,
  ) => catalog.putVectors(folder, vectors, fileIds, origin),
  deleteTakenVectors: () => catalog.deleteTakenVectors(),
  offerVectors: (folder: FolderRow) => catalog.origins.offer(folder),
  markGiven: (folder: FolderRow, digests: readonly Uint8Array[]) =>
    catalog.origins.markGiven(folder, digests),
  forgetGiven: () => catalog.origins.forgetGiven(),
  dropSummaries: (folder: FolderRow) => catalog.fileVectors.dropSummaries(folder),
  confirm: (folderId: number, rows: readonly OutboxDelete[]) => catalog.outbox.confirm(folderId, rows),
  refreshUsage: (folder: FolderRow, settings: ReadSettings, after: number) =>
    refreshUsage(catalog, folder, settings, after),
});

type Operations = ReturnType<typeof writeOperations>;
export type OperationName = keyof Operations;

/** One operation, to be run by whoever may write. */
export interface WriteCall {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

/**
 * The only one that changes the catalog. Operations run one after the other, in the order of the calls; what has been
 * awaited can be read.
 */
export type IndexWriter = {
  readonly [K in OperationName]: (
    ...args: Parameters<Operations[K]>
  ) => Promise<Awaited<ReturnType<Operations[K]>>>;
} & {
  /** Says that much will be written, until it is disposed of. */
  bulk(): Disposable;
};

/** A writer that hands each call to `run`, after the one before has ended. */
export function inOrder(
  operations: Operations,
  run: (call: WriteCall) => unknown,
  bulk: () => Disposable,
): IndexWriter {
  const sequence = new Sequence();
  const calls = (Object.keys(operations) as OperationName[]).map((name) => {
    const call = (...args: readonly unknown[]): Promise<unknown> => sequence.run(() => run({ name, args }));
    return [name, call] as const;
  });
  return { ...Object.fromEntries(calls), bulk } as unknown as IndexWriter;
}

/** Runs one operation on a catalog. */
export function runOperation(operations: Operations, { name, args }: WriteCall): unknown {
  const operation: (...args: never[]) => unknown = operations[name];
  return operation(...(args as never[]));
}

/** Writes in this thread. */
export function localWriter(catalog: Catalog): IndexWriter {
  const operations = writeOperations(catalog);
  return inOrder(
    operations,
    (call) => runOperation(operations, call),
    () => disposeOnce(() => undefined),
  );
}
