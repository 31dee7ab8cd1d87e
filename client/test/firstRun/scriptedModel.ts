import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** Members of a request to /v1/messages that are read here. */
interface MessagesRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly { readonly name: string }[];
  readonly messages: readonly { readonly content: string | readonly Block[] }[];
}

type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object }
  | {
      readonly type: 'tool_result';
      readonly content: string | readonly Block[];
      readonly is_error?: boolean;
    };

/** A call of a tool, and what the model says about its result. */
export interface Script {
  readonly tool: string;
  readonly input: object;
  readonly say: (result: string) => string;
}

/**
 * Anthropic's API on a loopback port, with a model that follows a script: it calls a tool when it is offered, and
 * then says what the script makes of the result.
 */
export class ScriptedModel {
  /** The texts of all results that agents have sent, each joined from its parts. */
  readonly results: string[] = [];
  /** Requests that the script has no answer for. */
  readonly unknown: string[] = [];
  readonly #script: Script;
  readonly #server: Server;
  #ids = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Starts to listen; returns the base of its addresses. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = (request.url ?? '').split('?')[0];
    if (request.method === 'HEAD') response.end();
    else if (path === '/v1/messages') this.#message(JSON.parse(body) as MessagesRequest, response);
    else if (path === '/v1/messages/count_tokens') sendJson(response, { input_tokens: 1 });
    else {
      this.unknown.push(`${request.method} ${path}`);
      response.statusCode = 404;
      sendJson(response, { type: 'error', error: { type: 'not_found_error', message: 'not scripted' } });
    }
  }

  #message(asked: MessagesRequest, response: ServerResponse): void {
    const block = this.#next(asked);
    const stop = block.type === 'tool_use' ? 'tool_use' : 'end_turn';
    const message = {
      id: `msg_${++this.#ids}`,
      type: 'message',
      role: 'assistant',
      model: asked.model,
      usage: { input_tokens: 1, output_tokens: 1 },
      stop_sequence: null,
    };
    if (asked.stream !== true) {
      sendJson(response, { ...message, content: [block], stop_reason: stop });
      return;
    }
    const [empty, delta] =
      block.type === 'tool_use'
        ? [
            { ...block, input: {} },
            { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
          ]
        : [
            { ...block, text: '' },
            { type: 'text_delta', text: block.text },
          ];
    response.setHeader('content-type', 'text/event-stream');
    for (const event of [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: empty },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 1 },
      },
      { type: 'message_stop' },
    ]) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  }

  #next({ tools, messages }: MessagesRequest): Extract<Block, { type: 'text' | 'tool_use' }> {
    const { tool, input, say } = this.#script;
    const last = messages.at(-1)?.content ?? '';
    const result = typeof last === 'string' ? undefined : last.find(({ type }) => type === 'tool_result');
    if (result !== undefined) {
      const joined = textOf([result]);
      this.results.push(joined);
      return { type: 'text', text: say(joined) };
    }
    return tools?.some(({ name }) => name === tool) === true
      ? { type: 'tool_use', id: `toolu_${++this.#ids}`, name: tool, input }
      : { type: 'text', text: `No tool is called ${tool}.` };
  }
}

const sendJson = (response: ServerResponse, answer: object): void =>
  void response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));

function textOf(content: string | readonly Block[]): string {
  if (typeof content === 'string') return content;
  return content
    .map((block) =>
      block.type === 'text' ? block.text : block.type === 'tool_result' ? textOf(block.content) : '',
    )
    .join('\n');
}
