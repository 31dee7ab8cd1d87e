/** Most bytes of an answer. The largest that is asked for has 2,000 ids. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** What the package's clients have besides what their types say: the generated client below, whose fetch can be changed. */
interface WithApiClient {
  readonly apiClient: {
    getConfig(): { readonly fetch?: typeof fetch };
    setConfig(config: { fetch: typeof fetch }): void;
  };
}

/**
 * Makes a client of `chromadb` give up on an answer that is too long or takes longer than `timeoutMs`. By itself it would
 * collect in memory whatever a server sends, also when nobody waits for it any longer.
 */
export function limitAnswers(client: object, timeoutMs: number): void {
  const { apiClient } = client as WithApiClient;
  const own = apiClient.getConfig().fetch;
  if (own === undefined) throw new Error('this version of chromadb has no fetch to limit');
  apiClient.setConfig({ fetch: (input, init) => limited(own, input, init, timeoutMs) });
}

async function limited(
  own: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number,
): Promise<Response> {
  const { body, status, statusText, headers } = await own(input, {
    ...init,
    signal: AbortSignal.timeout(timeoutMs),
  });
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      bytes += part.length;
      if (bytes > maxAnswerBytes)
        controller.error(new Error(`the answer has more than ${maxAnswerBytes} bytes`));
      else controller.enqueue(part);
    },
  });
  return new Response(body?.pipeThrough(counting) ?? null, { status, statusText, headers });
}
