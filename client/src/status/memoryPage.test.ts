import assert from 'node:assert/strict';
import { memoryPage } from './memoryPage.js';

describe('the page of the memory view', () => {
  const page = (): string => memoryPage('vscode-resource:', (name) => `vscode-resource:/media/${name}`);
  const policyOf = (html: string): string =>
    /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';

  it('lets nothing run but its own script, and loads from nowhere else', () => {
    const html = page();
    const nonce = /<script nonce="([\w+/=]{22,})" src="vscode-resource:\/media\/memory\.js">/.exec(html)?.[1];
    assert.ok(nonce, html);
    assert.equal(
      policyOf(html),
      `default-src 'none'; style-src vscode-resource:; script-src 'nonce-${nonce}'`,
    );
    assert.equal(html.match(/<script/g)?.length, 1);
    // The policy would refuse them, so that one of these is a mistake.
    assert.doesNotMatch(html, /\son\w+=|\sstyle=|javascript:|https?:/i);
  });

  it('has another nonce each time', () => assert.notEqual(policyOf(page()), policyOf(page())));
});
