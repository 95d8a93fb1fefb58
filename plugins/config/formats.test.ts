import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNames, formatVars, parseExportFormat } from './formats.ts'

const vars = { A: "it's", LONG: 'two\nlines' }

test('formatVars prints what Dokku prints', () => {
  assert.deepEqual(
    formatNames.map((format) => formatVars(vars, format)),
    [
      "export A='it'\\''s'\nexport LONG='two\nlines'",
      'A="it\'s"\nLONG="two\\nlines"',
      "--env=A='it'\\''s' --env=LONG='two\nlines'",
      '--env=A --env=LONG',
      '--env A --env LONG',
      "A='it'\\''s' LONG='two\nlines'",
      "A:     it's\nLONG:  two\nlines",
      '{"A":"it\'s","LONG":"two\\nlines"}',
      '[{"name":"A","value":"it\'s"},{"name":"LONG","value":"two\\nlines"}]',
    ],
  )
})

test('formatVars of an app without config is empty', () => {
  for (const format of formatNames) assert.match(formatVars({}, format), /^(\{\}|\[\])?$/)
})

test('parseExportFormat refuses what is no format, and lists them', () => {
  assert.throws(() => parseExportFormat('yaml'), { code: 'bad-format', hint: /exports, envfile/ })
})
