import type { Coverage } from './protocol/protocol.js';

/** Whether all files are known, and have all that they are searched by. */
export const coversAll = ({ filesPending, isCounting }: Coverage): boolean =>
  filesPending === 0 && isCounting !== true;
