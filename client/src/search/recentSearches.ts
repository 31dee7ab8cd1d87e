import type * as vscode from 'vscode';

const key = 'lantern.recentSearches';
const most = 15;

/** The queries with which the user opened a hit, newest first, kept for the workspace. */
export class RecentSearches {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  list(): readonly string[] {
    return this.#memento.get<readonly string[]>(key, []);
  }

  async add(query: string): Promise<void> {
    const text = query.trim();
    if (text === '') return;
    await this.#memento.update(key, [text, ...this.list().filter((one) => one !== text)].slice(0, most));
  }

  async remove(query: string): Promise<void> {
    await this.#memento.update(
      key,
      this.list().filter((one) => one !== query),
    );
  }
}
