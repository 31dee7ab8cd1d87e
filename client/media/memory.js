/* global acquireVsCodeApi, CSS, document, window */
// Draws the memory view from the extension's messages. Text is set by text nodes only; nothing is fetched.
(() => {
  const vscode = acquireVsCodeApi();
  const root = document.getElementById('root');

  const element = (name, attributes = {}, ...children) => {
    const one = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    one.append(...children);
    return one;
  };
  const svg = (name, attributes = {}, ...children) => {
    const one = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, String(value));
    one.append(...children);
    return one;
  };
  const mega = (bytes) => {
    const size = bytes / 1024 / 1024;
    return size >= 1024
      ? `${(size / 1024).toFixed(1)} GB`
      : `${size >= 10 ? Math.round(size) : size.toFixed(1)} MB`;
  };
  const button = (text, command, argument) => {
    const one = element('button', { type: 'button' }, text);
    one.dataset.key = `${command} ${argument ?? ''}`;
    one.addEventListener('click', () => vscode.postMessage({ kind: 'command', command, argument }));
    return one;
  };
  /** A path in the home folder as `~/…`, any other as it is. */
  const shortPath = (path, home) => {
    const rest = path.startsWith(home) ? path.slice(home.length) : undefined;
    return rest !== undefined && (rest === '' || /^[/\\]/.test(rest)) ? `~${rest}` : path;
  };
  const areasOfChart = [
    { key: 'models', name: 'Models', of: ({ models }) => models },
    { key: 'daemon', name: 'Rest of the daemon', of: ({ daemon, models }) => Math.max(0, daemon - models) },
    {
      key: 'chroma',
      name: 'Chroma',
      of: ({ chroma }) => chroma ?? 0,
      isKnown: ({ chroma }) => chroma !== null,
    },
  ];

  const sizeOf = ({ of, isKnown }, sample) =>
    isKnown !== undefined && !isKnown(sample) ? 'unknown' : mega(of(sample));

  /** Stacked areas, oldest sample on the left. */
  const chart = (samples) => {
    const [width, height] = [600, 180];
    const most = Math.max(1, ...samples.map(({ daemon, chroma }) => daemon + (chroma ?? 0))) * 1.1;
    const first = samples[0]?.at ?? 0;
    const span = Math.max(1, (samples.at(-1)?.at ?? 1) - first);
    const x = ({ at }) => ((at - first) / span) * width;
    const y = (bytes) => height - (bytes / most) * height;
    let below = samples.map(() => 0);
    const areas = areasOfChart.map(({ key, of }) => {
      const above = samples.map((sample, at) => below[at] + of(sample));
      const points = [
        ...samples.map((sample, at) => `${x(sample).toFixed(1)} ${y(above[at]).toFixed(1)}`),
        ...samples.map((sample, at) => `${x(sample).toFixed(1)} ${y(below[at]).toFixed(1)}`).reverse(),
      ];
      below = above;
      return svg('path', { class: key, d: `M${points.join('L')}Z` });
    });
    const now = samples.at(-1);
    const values = now
      ? areasOfChart.map((area) => `${area.name} ${sizeOf(area, now)}`).join(', ')
      : 'no samples yet';
    const label = `Memory over the last ${Math.round(span / 1000)} seconds. Now: ${values}.`;
    const box = {
      class: 'chart',
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: 'none',
      role: 'img',
    };
    return svg('svg', { ...box, 'aria-label': label }, ...areas);
  };

  const legend = (sample) =>
    element(
      'div',
      { class: 'legend' },
      ...areasOfChart.map((area) =>
        element(
          'span',
          {},
          svg(
            'svg',
            { viewBox: '0 0 1 1', 'aria-hidden': 'true' },
            svg('rect', { class: area.key, width: 1, height: 1 }),
          ),
          `${area.name} ${sample ? sizeOf(area, sample) : ''}`,
        ),
      ),
    );

  const bar = (share, label) =>
    svg(
      'svg',
      { class: 'bar', viewBox: '0 0 100 5', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
      svg('rect', { class: 'track', width: 100, height: 5 }),
      svg('rect', { class: 'daemon', width: Math.round(100 * share), height: 5 }),
    );

  const table = (heads, rows) => {
    const head = heads.map((text) => element('th', { scope: 'col' }, text));
    const body = rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell))));
    return element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...body),
    );
  };

  const stateOf = ({ status, filesPending }) => {
    if (status.kind === 'indexing') return `indexing ${status.done} of ${status.total}`;
    if (status.kind === 'failed') return `failed: ${status.reason}`;
    if (status.kind === 'partial') return `partly indexed, ${filesPending} files pending`;
    return status.kind === 'idle' ? 'up to date' : status.kind;
  };

  const draw = ({ home, daemon, status, memory, samples }) => {
    const shortPaths = (paths) => paths.map((path) => shortPath(path, home)).join(', ') || '–';
    if (!status || !memory) {
      const text =
        daemon === 'idle' ? 'Lantern has not been used in this window yet. A search starts it.' : daemon;
      root.replaceChildren(
        element('h1', {}, 'Lantern Memory'),
        element('p', {}, text),
        button('Search', 'lantern.search'),
      );
      return;
    }
    const focused = document.activeElement?.dataset?.key;
    const total = memory.daemon.rssBytes + (memory.chroma?.rssBytes ?? 0);
    const paused = status.folders.some((folder) => folder.status.kind === 'paused');
    const most = Math.max(1, ...status.folders.map(({ chunks }) => chunks));
    const plural = memory.clients.length === 1 ? 'client shares' : 'clients share';
    root.replaceChildren(
      element('h1', {}, 'Lantern Memory'),
      element('div', { class: 'total' }, mega(total)),
      element(
        'div',
        { class: 'muted' },
        `One daemon (pid ${memory.daemon.pid}) for all windows and agents; ${memory.clients.length} ${plural} it. ` +
          `On disk: catalog ${mega(memory.disk.catalogBytes)}, Chroma ${mega(memory.disk.chromaBytes)}.` +
          (memory.remoteChroma ? ` The Chroma at ${memory.remoteChroma} is not counted.` : ''),
      ),
      element(
        'div',
        { class: 'toolbar' },
        button('Clear Embedding Cache', 'lantern.clearCache'),
        paused ? button('Resume Indexing', 'lantern.resume') : button('Pause Indexing', 'lantern.pause'),
        button('Show Log', 'lantern.showLog'),
      ),
      chart(samples),
      legend(samples.at(-1)),
      element('h2', {}, 'Models'),
      memory.models.length === 0
        ? element('p', { class: 'muted' }, 'No model is in memory. The next search loads it.')
        : table(
            ['Model', 'Runs on', 'Size', 'State', 'In use by', 'Loads', 'Shared', ''],
            memory.models.map((model) => [
              `${model.name} (${model.dtype})`,
              model.provider,
              mega(model.bytes),
              model.state,
              model.leases === 0
                ? `nobody for ${Math.round(model.idleMs / 1000)} s`
                : model.holders.join(', '),
              String(model.loads),
              `${model.hits} times`,
              button('Unload', 'lantern.clearCache'),
            ]),
          ),
      element('h2', {}, 'Folders'),
      status.folders.length === 0
        ? element('p', { class: 'muted' }, 'No folder is indexed.')
        : table(
            ['Folder', 'Files', 'Chunks', 'On disk', 'Share', 'State'],
            status.folders.map((folder) => [
              shortPath(folder.path, home),
              String(folder.files),
              String(folder.chunks),
              mega(memory.folders.find(({ path }) => path === folder.path)?.diskBytes ?? 0),
              bar(folder.chunks / most, `${folder.chunks} chunks`),
              stateOf(folder),
            ]),
          ),
      element('h2', {}, 'Latest Searches by Agents'),
      status.agentSearches.length === 0
        ? element(
            'p',
            { class: 'muted' },
            'No agent has searched since the daemon began. This list is never written to disk.',
          )
        : table(
            ['Agent', 'Search', 'Folders', 'Hits', 'Took', 'At'],
            status.agentSearches.map((search) => [
              search.client,
              search.query,
              shortPaths(search.folders),
              String(search.hits),
              `${Math.round(search.elapsedMs)} ms`,
              new Date(search.at).toLocaleTimeString(),
            ]),
          ),
      element('h2', {}, 'Clients'),
      table(
        ['Client', 'Process', 'Since', 'Folders'],
        memory.clients.map(({ name, pid, since, folders }) => [
          name,
          String(pid),
          new Date(since).toLocaleTimeString(),
          shortPaths(folders),
        ]),
      ),
    );
    // The page is drawn again every few seconds. The button that has the focus keeps it.
    if (focused) root.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  };

  window.addEventListener('message', ({ data }) => draw(data));
  vscode.postMessage({ kind: 'ready' });
})();
