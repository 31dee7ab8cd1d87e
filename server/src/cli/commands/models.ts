import type { ModelsResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { type Terminal, green, mebibytes, show } from '../terminal.js';

/** `lantern models`. */
export async function modelsCommand(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request('lantern/models', {}, signal), formatModels);
    return 0;
  });
}

function formatModels({ models }: ModelsResult, terminal: Terminal): string {
  return models
    .map(({ name, dimensions, maxTokens, sizeBytes, state, selected }) => {
      const mark = selected ? green(terminal, '*') : ' ';
      return `${mark} ${name.padEnd(40)} ${String(dimensions ?? '?').padStart(5)} dimensions, ${maxTokens ?? '?'} tokens, ${sizeBytes === null ? 'size unknown' : mebibytes(sizeBytes)}, ${state}`;
    })
    .join('\n');
}
