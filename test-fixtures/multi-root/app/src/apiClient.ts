/** A coat on its hanger, as the service tells it. */
export interface Deposit {
  readonly ticket: string;
  readonly hanger: number;
  readonly description: string;
  readonly depositedAt: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Talks to the cloakroom service over HTTP. A call is repeated once when the wireless network hiccups. */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;

  constructor(baseUrl: string, fetchFunction: typeof fetch = fetch) {
    this.#baseUrl = baseUrl;
    this.#fetch = fetchFunction;
  }

  async deposit(description: string): Promise<Deposit> {
    return this.#call<Deposit>('POST', '/deposits', { description });
  }

  async collect(ticket: string): Promise<Deposit> {
    return this.#call<Deposit>('DELETE', `/deposits/${encodeURIComponent(ticket)}`);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const request: RequestInit = { method, headers: { 'content-type': 'application/json' } };
    if (body !== undefined) request.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await this.#fetch(this.#baseUrl + path, request);
    } catch {
      response = await this.#fetch(this.#baseUrl + path, request);
    }
    if (!response.ok) throw new ApiError(response.status, await response.text());
    return (await response.json()) as T;
  }
}
