import type { Disposable } from '../../../../shared/src/disposable.js';
import { LanternError } from '../../../../shared/src/errors.js';
import type { ServerSettings } from './chromaErrors.js';
import type { ChromaEndpoint, ChromaServer, ChromaServerStatus } from './chromaServer.js';

/** A server that the user's settings name. We neither start, restart nor repair it. */
export class RemoteChroma implements ChromaServer {
  readonly own = false;
  /** Scheme, host and port. */
  readonly url: string;
  readonly #endpoint: ChromaEndpoint;

  /** Throws `bad-request` for an invalid address. */
  constructor(url: string, settings: ServerSettings = 'chroma') {
    this.url = serverAddress(url, settings);
    this.#endpoint = { url: this.url };
  }

  status(): ChromaServerStatus {
    return { kind: 'running', url: this.url };
  }

  ready(): Promise<ChromaEndpoint> {
    return Promise.resolve(this.#endpoint);
  }

  restart(): Promise<ChromaEndpoint> {
    return this.ready();
  }

  report(): Promise<void> {
    return Promise.resolve();
  }

  checkData(): Promise<boolean> {
    return Promise.resolve(false);
  }

  onDidChangeStatus(): Disposable {
    return { dispose: () => undefined };
  }

  onDidRestart(): Disposable {
    return { dispose: () => undefined };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** The origin of a configured address: scheme, host and port. */
function serverAddress(text: string, settings: ServerSettings): string {
  const advice = `Set lantern.${settings}.url to something like http://localhost:8000.`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new LanternError('bad-request', `lantern.${settings}.url "${text}" is not a URL. ${advice}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new LanternError(
      'bad-request',
      `lantern.${settings}.url must start with http:// or https://. ${advice}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new LanternError(
      'bad-request',
      `lantern.${settings}.url holds a password. Set lantern.${settings}.apiKey instead.`,
    );
  }
  // The client builds its own paths from the root of the server.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new LanternError(
      'bad-request',
      `lantern.${settings}.url "${text}" has a path; Chroma takes none. ${advice}`,
    );
  }
  return url.origin;
}
