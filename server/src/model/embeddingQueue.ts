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
  /** Items that have been started, in their order, and those that are done. */
  started: number;
  done: number;
  readonly priority: Priority;
  readonly holder: string;
  readonly resolve: (results: Out[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs up to `width` items at a time. An urgent item waits at most for a running one. */
export class EmbeddingQueue<In, Out> {
  readonly #run: (item: In) => Promise<Out>;
  readonly #width: number;
  readonly #running = new Set<Promise<void>>();
  /** By priority: the waiting holders, next one first, each with its requests in order of arrival. */
  readonly #waiting = new Map<Priority, Map<string, Request<In, Out>[]>>(
    order.map((priority) => [priority, new Map()]),
  );
  #pending = 0;
  #closed = false;

  constructor(run: (item: In) => Promise<Out>, width = 1) {
    this.#run = run;
    this.#width = width;
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
        started: 0,
        done: 0,
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
      this.#fill();
    });
  }

  /** Rejects new and waiting work, and resolves when the running items are done. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new LanternError('unavailable', 'The model was unloaded before the text was embedded.');
    for (const holders of this.#waiting.values()) {
      for (const requests of [...holders.values()]) {
        for (const request of [...requests]) this.#fail(request, error);
      }
    }
    await Promise.all(this.#running);
  }

  /** Starts items until `width` are running. */
  #fill(): void {
    while (this.#running.size < this.#width) {
      const request = this.#next();
      if (request === undefined) return;
      const running = this.#runNext(request).finally(() => {
        this.#running.delete(running);
        this.#fill();
      });
      this.#running.add(running);
    }
  }

  async #runNext(request: Request<In, Out>): Promise<void> {
    const at = request.started++;
    this.#toEnd(request);
    try {
      this.#done(request, at, await this.#run(request.items[at] as In));
    } catch (error) {
      this.#fail(request, error);
    }
    // Also behind the holders that arrived while the item ran.
    this.#toEnd(request);
  }

  /** The next request that has an item to start. */
  #next(): Request<In, Out> | undefined {
    for (const priority of order) {
      for (const requests of this.#holders(priority).values()) {
        const next = requests.find(({ started, items }) => started < items.length);
        if (next !== undefined) return next;
      }
    }
    return undefined;
  }

  /** Moves the holder behind all others. */
  #toEnd({ priority, holder }: Request<In, Out>): void {
    const holders = this.#holders(priority);
    const requests = holders.get(holder);
    if (!requests) return;
    holders.delete(holder);
    holders.set(holder, requests);
  }

  #done(request: Request<In, Out>, at: number, result: Out): void {
    // It may have been cancelled while its item ran.
    if (!this.#isQueued(request)) return;
    request.results[at] = result;
    request.done += 1;
    this.#pending -= 1;
    if (request.done < request.items.length) return;
    this.#remove(request);
    request.resolve(request.results);
  }

  #fail(request: Request<In, Out>, error: unknown): void {
    if (!this.#isQueued(request)) return;
    this.#pending -= request.items.length - request.done;
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
