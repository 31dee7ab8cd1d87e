import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { errorMessage } from '../../../shared/src/errors.js';
import type { DriverReply, DriverRequest } from './protocol.js';

export interface DriverParts {
  /** The window that the suite runs in. */
  readonly page: () => Page;
  readonly openWindow: (path: string) => Promise<Page>;
  readonly imagesFolder: string;
  readonly report: (line: string) => void;
  /** Called when the suite gave up because the editor had opened no folder. */
  readonly withoutFolders: () => void;
}

/** Time for an element to appear and to stop moving, on a busy machine. */
const patienceMs = 20_000;

/** The part of a page's element that is used here. */
interface Attributed {
  getAttribute(name: string): string | null;
}

/** Serves the suite's requests: types and reads the screen as a person would, in the suite's window. */
export class DriverServer {
  readonly #parts: DriverParts;
  readonly #server: Server;
  readonly #windows = new Map<number, Page>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((reply) => response.end(JSON.stringify(reply)));
    });
  }

  async listen(endpoint: string): Promise<void> {
    if (!endpoint.startsWith('\\\\')) await mkdir(dirname(endpoint), { recursive: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(endpoint, resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<DriverReply> {
    try {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
      const value = await this.#run(JSON.parse(body) as DriverRequest);
      return value === undefined ? { ok: true } : { ok: true, value };
    } catch (error) {
      return { ok: false, message: errorMessage(error) };
    }
  }

  async #run(request: DriverRequest): Promise<string | number | readonly string[] | undefined> {
    const { page: current, openWindow, report, withoutFolders } = this.#parts;
    if (request.kind === 'report') {
      report(request.line);
      return undefined;
    }
    if (request.kind === 'withoutFolders') {
      withoutFolders();
      return undefined;
    }
    const other = request.window === undefined ? undefined : this.#windows.get(request.window);
    const page = other ?? current();
    switch (request.kind) {
      case 'press':
        await page.keyboard.press(request.keys);
        return undefined;
      case 'type':
        await page.keyboard.type(request.text, { delay: request.delayMs });
        return undefined;
      case 'click':
        await (
          await this.#find(page, request.selector)
        )
          .locator(request.selector)
          .first()
          .click({ timeout: patienceMs });
        return undefined;
      case 'hover':
        await (
          await this.#find(page, request.selector)
        )
          .locator(request.selector)
          .first()
          .hover({ timeout: patienceMs });
        return undefined;
      case 'texts':
        return this.#collect(page, (frame) =>
          frame.locator(request.selector).filter({ visible: true }).allInnerTexts(),
        );
      case 'attributes':
        return this.#collect(page, (frame) =>
          frame
            .locator(request.selector)
            .evaluateAll(
              (elements: Attributed[], name) => elements.map((one) => one.getAttribute(name) ?? ''),
              request.name,
            ),
        );
      case 'screenshot':
        return this.#screenshot(page, request.name, request.selector);
      case 'openWindow': {
        const number = this.#windows.size + 1;
        this.#windows.set(number, await openWindow(request.path));
        return number;
      }
      case 'closeWindow':
        await other?.close({ runBeforeUnload: false });
        return undefined;
    }
  }

  /** The frame with the first visible match. Webviews are frames in frames. */
  async #find(page: Page, selector: string): Promise<Frame> {
    const until = Date.now() + patienceMs;
    for (;;) {
      for (const frame of page.frames()) {
        const visible = frame.locator(selector).filter({ visible: true });
        if ((await visible.count().catch(() => 0)) > 0) return frame;
      }
      if (Date.now() > until) throw new Error(`Nothing visible matches ${selector}.`);
      await page.waitForTimeout(50);
    }
  }

  async #collect(page: Page, read: (frame: Frame) => Promise<string[]>): Promise<string[]> {
    const all: string[] = [];
    // A frame that is removed while it is asked shows nothing.
    for (const frame of page.frames()) all.push(...(await read(frame).catch(() => [])));
    return all;
  }

  async #screenshot(page: Page, name: string, selector: string | undefined): Promise<string> {
    await mkdir(this.#parts.imagesFolder, { recursive: true });
    const path = join(this.#parts.imagesFolder, `${name}.png`);
    if (selector === undefined) await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    else await page.locator(selector).first().screenshot({ path, animations: 'disabled', caret: 'hide' });
    return path;
  }
}
