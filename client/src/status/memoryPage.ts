import { randomBytes } from 'node:crypto';

/**
 * The page of the memory view. It is empty at first; its script draws it from messages, with text nodes only. `uri` gives
 * the address of a file of the extension, `cspSource` is where such files come from.
 */
export function memoryPage(cspSource: string, uri: (name: string) => string): string {
  const nonce = randomBytes(16).toString('base64');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri('memory.css')}">
<title>Lantern Memory</title>
</head>
<body>
<main id="root"><p>Lantern has not been used in this window yet.</p></main>
<script nonce="${nonce}" src="${uri('memory.js')}"></script>
</body>
</html>`;
}
