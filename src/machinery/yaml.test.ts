import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatYaml, parseYaml } from './index.ts';

test('text that another reader would take for something else is quoted', () => {
  const texts = [
    'yes',
    '010',
    '1e3',
    '1_000',
    '12:30:45',
    '2026-01-01',
    '2026-01-01T00:00:00Z',
    'null',
    '~',
    '<<',
    '',
    '0o7',
    '0777'.repeat(99),
  ];
  for (const text of texts) {
    assert.equal(formatYaml({ text }), `text: '${text}'\n`);
    assert.deepEqual(parseYaml(formatYaml({ text })), [{ text }]);
  }
});
