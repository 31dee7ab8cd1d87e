/** Those who wait for a turn. */
const waiting: (() => void)[] = [];

/**
 * Resolves in a turn of the event loop of its own. With `setImmediate` alone all that wait would go on in one turn, one
 * after the other, and no timer and no message would come between them.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(resume);
  });
}

function resume(): void {
  waiting.shift()?.();
  // One that is set in this turn runs in the next.
  if (waiting.length > 0) setImmediate(resume);
}
