import type { Sql } from './database.js';

export interface LexicalMatch {
  /** `ChunkRow.id`. */
  readonly chunkId: number;
  /** BM25 as FTS5 computes it, turned so that higher is better. */
  readonly score: number;
}

/** How much a word counts by where it stands; measured on the search-quality benchmark. */
const weights = { body: 1, names: 2, path: 1.5 };

/**
 * Words of each chunk, in one FTS5 table per folder: a word's rarity is that of its own folder, and dropping a folder
 * is dropping a table. The tables are contentless: they hold no source text.
 */
export class LexicalIndex {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  create(folderId: number): void {
    // The token stream is split and lower-cased already; "ascii" keeps every other letter as it is.
    this.#sql.exec(
      `CREATE VIRTUAL TABLE words_${folderId} USING fts5(body, names, path, content='', contentless_delete=1, tokenize='ascii')`,
    );
  }

  drop(folderId: number): void {
    this.#sql.exec(`DROP TABLE IF EXISTS words_${folderId}`);
  }

  add(folderId: number, chunkId: number, words: { body: string; names: string; path: string }): void {
    this.#sql.run(
      `INSERT INTO words_${folderId} (rowid, body, names, path) VALUES (?, ?, ?, ?)`,
      chunkId,
      words.body,
      words.names,
      words.path,
    );
  }

  remove(folderId: number, chunkId: number): void {
    this.#sql.run(`DELETE FROM words_${folderId} WHERE rowid = ?`, chunkId);
  }

  /** The best `limit` of the chunks that hold any of `tokens` and that `accept` takes, best first. */
  search(
    folderId: number,
    tokens: readonly string[],
    limit: number,
    accept: (chunkId: number) => boolean = () => true,
  ): LexicalMatch[] {
    if (tokens.length === 0 || limit < 1) return [];
    const expression = tokens.map((token) => `"${token.replaceAll('"', '')}"`).join(' OR ');
    // How many have to be looked at is not known beforehand: mostly as many as are wanted.
    for (let looked = limit; ; looked *= 8) {
      const rows = this.#sql.all<{ rowid: number; score: number }>(
        `SELECT rowid, bm25(words_${folderId}, ${weights.body}, ${weights.names}, ${weights.path}) AS score
         FROM words_${folderId} WHERE words_${folderId} MATCH ? ORDER BY score, rowid LIMIT ?`,
        expression,
        looked,
      );
      const matches: LexicalMatch[] = [];
      for (const { rowid, score } of rows) {
        if (matches.length < limit && accept(rowid)) matches.push({ chunkId: rowid, score: -score });
      }
      if (matches.length === limit || rows.length < looked) return matches;
    }
  }
}
