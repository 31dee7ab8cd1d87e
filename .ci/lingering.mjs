// A mocha root hook. Tests that leave a server, a timer or a child behind would keep the process from ending, and so
// everything that waits for it: it ends, with what was left named, as a failure.
const graceMs = 10_000;

export const mochaHooks = {
  afterAll() {
    setTimeout(() => {
      console.log(
        `\nTests left behind what keeps the process alive: ${process.getActiveResourcesInfo().join(', ')}`,
      );
      process.exit(1);
    }, graceMs).unref();
  },
};
