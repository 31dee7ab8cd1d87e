// A mocha root hook that ends a run whose tests have left something behind, such as a server, a timer or a child. The
// run fails, and names what was left; otherwise the process would never end.
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
