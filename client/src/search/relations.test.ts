import assert from 'node:assert/strict';
import { relationText, relatedChoices } from './relations.js';

describe('relations of hits', () => {
  it('are said in words', () => {
    assert.equal(relationText({ relations: ['tests', 'calledBy'] }), 'tests it, calls it');
    assert.equal(relationText({ relations: ['calledBy'], via: 'addTax' }), 'calls it, over addTax');
    assert.equal(relationText({ relations: ['calls', 'similar'] }), 'called by it');
    assert.equal(relationText({ relations: ['similar'] }), 'similar');
    assert.equal(relationText({ relations: [] }), '');
    assert.equal(relationText({}), '');
  });

  it('can each be asked for', () => {
    const asked = new Set(relatedChoices.map(({ params }) => params.relation));
    assert.deepEqual([...asked].filter((one) => one !== undefined).sort(), [
      'calledBy',
      'calls',
      'definesTypeOf',
      'similar',
      'tests',
    ]);
    assert.equal(new Set(relatedChoices.map(({ label }) => label)).size, relatedChoices.length);
  });
});
