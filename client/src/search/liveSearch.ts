import * as vscode from 'vscode';
import { coversAll } from '../../../shared/src/coverage.js';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { SearchParams, SearchResult } from '../../../shared/src/protocol/protocol.js';

/** State of the newest query. */
export type LiveState =
  | { readonly kind: 'results'; readonly result: SearchResult; readonly final: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

export type Search = (params: SearchParams, token: vscode.CancellationToken) => Promise<SearchResult>;

/** Milliseconds after the last key before the lexical search, and before the model is used. */
const wordsAfterMs = 40;
const meaningAfterMs = 140;
/** A hybrid list is not replaced by a lexical one when the next hybrid list is this close. */
const patienceMs = 250;
/** While the model loads or the index grows, the search is repeated at this interval. */
const againMs = 700;
/**
 * The daemon compares a folder with the disk at most once a second. This finds what was written just before the
 * query.
 */
const confirmAfterMs = 1100;
const retryMs = 2000;

/**
 * Searches while the user types: lexical hits at once, hybrid hits as soon as they are there. A newer query cancels
 * the searches of older ones.
 */
export class LiveSearch implements vscode.Disposable {
  readonly #search: Search;
  readonly #onState: (state: LiveState) => void;
  #running = new vscode.CancellationTokenSource();
  readonly #timers = new Set<NodeJS.Timeout>();
  #showsMeaning = false;

  constructor(search: Search, onState: (state: LiveState) => void) {
    this.#search = search;
    this.#onState = onState;
  }

  ask(params: SearchParams): void {
    this.cancel();
    const { token } = this.#running;
    let answered = false;
    let confirmed = false;
    this.#after(wordsAfterMs, async () => {
      const result = await this.#search({ ...params, mode: 'lexical' }, token);
      if (this.#showsMeaning) await this.#pause(patienceMs);
      if (token.isCancellationRequested || answered) return;
      this.#showsMeaning = false;
      this.#onState({ kind: 'results', result, final: false });
    });
    const meaning = async (): Promise<void> => {
      const result = await this.#search({ ...params, mode: 'hybrid' }, token);
      if (token.isCancellationRequested) return;
      answered = true;
      this.#showsMeaning = result.coverage.semantic;
      const { emptyBecause, filesTotal, semantic } = result.coverage;
      const final = emptyBecause !== undefined || (semantic && filesTotal > 0 && coversAll(result.coverage));
      this.#onState({ kind: 'results', result, final });
      if (!final) this.#after(againMs, meaning);
      else if (!confirmed) {
        confirmed = true;
        this.#after(confirmAfterMs, meaning);
      }
    };
    this.#after(meaningAfterMs, meaning);
  }

  /** Cancels the searches of the newest query. */
  cancel(): void {
    this.#running.cancel();
    this.#running.dispose();
    this.#running = new vscode.CancellationTokenSource();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  dispose(): void {
    this.cancel();
    this.#running.dispose();
  }

  #after(ms: number, run: () => Promise<void>): void {
    const { token } = this.#running;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run().catch((error: unknown) => {
        if (token.isCancellationRequested || isCancelled(error)) return;
        this.#onState({ kind: 'failed', reason: errorMessage(error) });
        // A fault may be repaired while the box is open. An invalid query stays invalid.
        if (!isBadRequest(error)) this.#after(retryMs, run);
      });
    }, ms);
    this.#timers.add(timer);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }
}

function isBadRequest(error: unknown): boolean {
  return error instanceof LanternError && error.code === 'bad-request';
}

function isCancelled(error: unknown): boolean {
  return error instanceof LanternError && error.code === 'cancelled';
}
