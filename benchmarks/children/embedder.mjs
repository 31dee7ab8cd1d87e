// A process with the model alone: reports how long each text takes to embed.
import { openParts } from './ours.mjs';

const { cache, resolve } = openParts();
const lease = await cache.acquire(await resolve(), 'bench');
process.on('message', (text) => {
  const began = performance.now();
  lease.model.embedQuery(text).then(
    () => process.send(performance.now() - began),
    () => process.exit(1),
  );
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
