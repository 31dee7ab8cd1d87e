import { cancelled, LanternError } from '../../../shared/src/errors.js';

/** Priorities, highest first: a waiting person, what they just edited, everything else. */
export type Priority = 'query' | 'edited' | 'bulk';

const order: readonly Priority[] = ['query', 'edited', 'bulk'];

export interface QueueOptions {
  readonly priority?: Priority;
  /** Holders of the same priority take turns, however much each has queued. */
  readonly holder?: string;
  readonly signal?: AbortSignal;
}

interface Request<In, Out> {
  readonly items: readonly In[];
  readonly results: Out[];
  readonly priority: Priority;
  readonly holder: string;
  readonly resolve: (results: Out[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs items one at a time. An urgent item waits at most for the running one. */
export class EmbeddingQueue<In, Out> {
  readonly #run: (item: In) => Promise<Out>;
  /** By priority: the waiting holders, next one first, each with its requests in order of arrival. */
  readonly #waiting = new Map<Priority, Map<string, Request<In, Out>[]>>(
    order.map((priority) => [priority, new Map()]),
  );
  #pending = 0;
  #pump: Promise<void> | undefined;
  #closed = false;

  constructor(run: (item: In) => Promise<Out>) {
    this.#run = run;
  }

  /** Number of items that wait or run. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves with one result per item, in the order of the items. An item that fails rejects the whole request. */
  async submit(items: readonly In[], options: QueueOptions = {}): Promise<Out[]> {
    const { priority = 'bulk', holder = '', signal } = options;
    if (signal?.aborted) throw cancelled('Embedding');
    if (this.#closed) throw new LanternError('unavailable', 'The model is being unloaded. Try again.');
    if (items.length === 0) return [];
    return new Promise<Out[]>((resolve, reject) => {
      const finish = (): void => signal?.removeEventListener('abort', stop);
      const request: Request<In, Out> = {
        items,
        results: [],
        priority,
        holder,
        resolve: (results) => {
          finish();
          resolve(results);
        },
        reject: (error) => {
          finish();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const stop = (): void => this.#fail(request, cancelled('Embedding'));
      signal?.addEventListener('abort', stop, { once: true });
      this.#add(request);
      this.#pump ??= this.#work();
    });
  }

  /** Rejects new and waiting work, and resolves when the running item is done. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new LanternError('unavailable', 'The model was unloaded before the text was embedded.');
    for (const holders of this.#waiting.values()) {
      for (const requests of [...holders.values()]) {
        for (const request of [...requests]) this.#fail(request, error);
      }
    }
    await this.#pump;
  }

  async #work(): Promise<void> {
    for (let request = this.#next(); request; request = this.#next()) {
      const at = request.results.length;
      try {
        const result = await this.#run(request.items[at] as In);
        this.#done(request, result);
      } catch (error) {
        this.#fail(request, error);
      }
      this.#toEnd(request);
    }
    this.#pump = undefined;
  }

  /** The next request. */
  #next(): Request<In, Out> | undefined {
    for (const priority of order) {
      for (const requests of this.#holders(priority).values()) return requests[0];
    }
    return undefined;
  }

  /** Moves the holder behind those that arrived while its item ran. */
  #toEnd({ priority, holder }: Request<In, Out>): void {
    const holders = this.#holders(priority);
    const requests = holders.get(holder);
    if (!requests) return;
    holders.delete(holder);
    holders.set(holder, requests);
  }

  #done(request: Request<In, Out>, result: Out): void {
    // It may have been cancelled while its item ran.
    if (!this.#isQueued(request)) return;
    request.results.push(result);
    this.#pending -= 1;
    if (request.results.length < request.items.length) return;
    this.#remove(request);
    request.resolve(request.results);
  }

  #fail(request: Request<In, Out>, error: unknown): void {
    if (!this.#isQueued(request)) return;
    this.#pending -= request.items.length - request.results.length;
    this.#remove(request);
    request.reject(error instanceof Error ? error : new Error(String(error)));
  }

  #add(request: Request<In, Out>): void {
    const holders = this.#holders(request.priority);
    const requests = holders.get(request.holder);
    if (requests) requests.push(request);
    else holders.set(request.holder, [request]);
    this.#pending += request.items.length;
  }

  #remove(request: Request<In, Out>): void {
    const holders = this.#holders(request.priority);
    const requests = holders.get(request.holder) ?? [];
    requests.splice(requests.indexOf(request), 1);
    if (requests.length === 0) holders.delete(request.holder);
  }

  #isQueued(request: Request<In, Out>): boolean {
    return this.#holders(request.priority).get(request.holder)?.includes(request) ?? false;
  }

  #holders(priority: Priority): Map<string, Request<In, Out>[]> {
    const holders = this.#waiting.get(priority);
    if (!holders) throw new LanternError('bad-request', `There is no priority "${priority}".`);
    return holders;
  }
}
