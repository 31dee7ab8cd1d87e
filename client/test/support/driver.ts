import { request } from 'node:http';
import { type DriverReply, type DriverRequest, variables } from '../harness/protocol.js';

/** Sends a request to the harness; returns its answer. */
async function ask(wish: DriverRequest): Promise<DriverReply & { readonly ok: true }> {
  const reply = await new Promise<DriverReply>((resolve, reject) => {
    const socketPath = process.env[variables.driver] ?? '';
    // One connection per request: a kept one would be closed at the other end while a test keeps this process busy.
    const sending = request({ socketPath, method: 'POST', path: '/', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve(JSON.parse(body) as DriverReply));
    });
    sending.once('error', reject);
    sending.end(JSON.stringify(wish));
  });
  if (!reply.ok) throw new Error(reply.message);
  return reply;
}

/** Milliseconds between two keys of a fast typist. */
const typingDelayMs = 25;

/** Sends a request without an answer. */
async function tell(wish: DriverRequest): Promise<void> {
  await ask(wish);
}

/** The user of a window: presses keys, points, and reads the screen. By default of the suite's own window. */
export function personAt(window?: number) {
  const at = window === undefined ? {} : { window };
  return {
    press: (keys: string) => tell({ kind: 'press', keys, ...at }),
    type: (text: string, delayMs = typingDelayMs) => tell({ kind: 'type', text, delayMs, ...at }),
    click: (selector: string) => tell({ kind: 'click', selector, ...at }),
    hover: (selector: string) => tell({ kind: 'hover', selector, ...at }),
    /** The visible texts at a CSS selector, in any frame. */
    sees: async (selector: string) => list((await ask({ kind: 'texts', selector, ...at })).value),
    attributes: async (selector: string, name: string) =>
      list((await ask({ kind: 'attributes', selector, name, ...at })).value),
    /** Saves a screenshot as `<name>.png`. */
    photograph: (name: string, selector?: string) =>
      tell({ kind: 'screenshot', name, ...(selector !== undefined && { selector }), ...at }),
  };
}

export const person = {
  ...personAt(),
  openWindow: async (path: string) => Number((await ask({ kind: 'openWindow', path })).value),
  closeWindow: (window: number) => tell({ kind: 'closeWindow', window }),
};

export const report = (line: string): Promise<void> => tell({ kind: 'report', line });
export const reportWithoutFolders = (): Promise<void> => tell({ kind: 'withoutFolders' });

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}
