// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { interpolate, variablesIn } from './interpolate.ts'

const lookup = (name: string) => ({ A: 'one', EMPTY: '', B: 'two' })[name]
const put = (text: string) => interpolate(text, lookup)

test('interpolate puts in what is set, and nothing for what is not', () => {
  assert.equal(put('$A-${A}/$B.${NONE}$NONE!'), 'one-one/two.!')
  assert.equal(put('redis://:${A}@db:6379/$EMPTY'), 'redis://:one@db:6379/')
})

test('interpolate knows defaults, demands and stand-ins, with the colon for empty values too', () => {
  assert.deepEqual(
    ['${NONE-d}', '${NONE:-d}', '${EMPTY-d}', '${EMPTY:-d}', '${A:-d}', '${A+s}', '${NONE+s}', '${EMPTY+s}', '${EMPTY:+s}'].map(put),
    ['d', 'd', '', 'd', 'one', 's', '', 's', ''],
  )
  assert.equal(put('${NONE:-${NOT:-${B}}} ${NONE:-a $$ {b}}'), 'two a $ {b}')
  assert.equal(put('${A:?must be set}${EMPTY?}'), 'one')
  assert.throws(() => put('${EMPTY:?give $A}'), { code: 'variable-missing', message: 'EMPTY is not set: give one' })
  assert.throws(() => put('${NONE?}'), { code: 'variable-missing', message: 'NONE is not set' })
})

test('interpolate tells what was neither set nor had a default', () => {
  const missing: string[] = []
  interpolate('$A $X ${Y:-d} ${Z} ${W+s} ${V:-$U}', lookup, (name) => missing.push(name))
  assert.deepEqual(missing, ['X', 'Z', 'U'])
})

test('interpolate refuses what is no variable', () => {
  for (const text of ['${', '${}', '${A', '${A b}', '$', '$1', '${A:=x}', 'x ${1}', '${A:-${B}'])
    assert.throws(() => put(text), { code: 'bad-variable' })
})

test('a text whose dollars are doubled comes out as it was', () => {
  fc.assert(fc.property(fc.string(), (text) => put(text.replaceAll('$', '$$$$')) === text))
})

test('variablesIn names all that could be read', () => {
  assert.deepEqual(variablesIn('$A ${B:-${C}} ${D:+$E} $$F ${G:?no $H}').sort(), ['A', 'B', 'C', 'D', 'E', 'G', 'H'])
})
