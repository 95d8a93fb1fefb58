// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are Bash
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBash, misstyled } from './bash-style.ts'
import { readBash } from './bash-text.ts'

/** A function with this body, in a script that is otherwise as it should be; what is said of it, without the place. */
function said(body: string): string[] {
  const text = `#!/usr/bin/env bash\nset -eo pipefail\n\nmain() {\n\tdeclare desc="Try"\n${body}\n}\n\nmain "$@"\n`
  return misstyled({ path: 'x', text }).map((line) => line.replace(/^x:\d+: /, ''))
}

const unquoted = 'a variable or $() in a word of a command is not quoted'

test('misstyled finds nothing in what the shell does not split', () => {
  const right = [
    '\techo "$a" "${a[@]}" "$(cat "$b")" "a $(cd "$c" && echo "$d") e"',
    '\ta=$b c=${d}e local=$(cat "$f")\n\tlocal g=$h\n\tmap[$key]=x\n\tlist+=("$x")',
    '\t[[ $a == $b && -n $c ]] || ((d > $e))\n\tf=$((g + $h))',
    '\tcase $a in\n\t\tx) echo "$b" ;;\n\tesac\n\tfor c in $words; do echo "$c"; done',
    "\techo '$a' \\$b # $c\n\techo $'it\\'s $d' \"\\\"$e\"",
    '\tcat <<-END\n\t\tfree $text and `ticks`\n\tEND\n\tread -r a <<<$b',
    '\techo ${quiet:+"$quiet"} $# $? ${#list[@]} a#b',
    '\t# shellcheck disable=SC2086 # words on purpose\n\techo $words',
    '\tfound="$(list | while read -r one; do echo "$one"; done)"',
  ]
  for (const body of right) assert.deepEqual(said(body), [], body)
})

test('misstyled finds variables and substitutions that are split', () => {
  const wrong = [
    'echo $a',
    'echo a$b',
    'rm -r ${dir}/x',
    'list=($words)',
    'echo $(cat "$a")',
    'a=1 run $b',
    'echo "x" | grep $1',
    '"$(echo $a)"',
    'echo $@',
  ]
  for (const body of wrong) assert.deepEqual(said(`\t${body}`), [unquoted], body)
  assert.deepEqual(said('\techo "$(for a in "$b"; do echo $a; done)" $c'), [unquoted, unquoted])
})

test('misstyled finds the old forms', () => {
  assert.deepEqual(said('\tif [ -n "$a" ]; then test -e "$b"; fi'), ['[ where [[ belongs', 'test where [[ belongs'])
  assert.deepEqual(said('\ta=`date`'), ['backticks where $() belongs', 'backticks where $() belongs'])
  assert.deepEqual(said('\teval "$a"'), ['eval'])
})

test('misstyled finds functions that do not say what they are for', () => {
  const text = '#!/usr/bin/env bash\nset -eo pipefail\n\none() {\n\techo\n}\n\nmain() {\n\tdeclare desc=""\n\tone\n}\n\nmain "$@"\n'
  assert.deepEqual(misstyled({ path: 'x', text }), [
    'x:4: one has no declare desc="…" as its first line',
    'x:8: main has no declare desc="…" as its first line',
  ])
})

test('misstyled finds a script without set, without main, and lines in no function', () => {
  assert.deepEqual(misstyled({ path: 'x', text: '#!/bin/bash\necho "$1"\n' }), [
    'x:1: set -eo pipefail is missing',
    'x:2: echo " 1" stands in no function',
    'x:3: it does not end with main "$@"',
  ])
})

test('misstyled asks neither for set nor for main where a file is sourced', () => {
  const sourced = '# Functions.\n\nreadonly A=1\nB=(\n\tx\n)\n\none() {\n\tdeclare desc="One"\n}\n'
  assert.deepEqual(misstyled({ path: 'functions', text: `#!/usr/bin/env bash\n${sourced}` }), [])
  assert.deepEqual(misstyled({ path: 'x.bash', text: sourced }), [])
})

test('readBash keeps every line where it is', () => {
  const text = 'a() {\n\tcat <<E\nx $y\nE\n\techo "two\nlines" # c\n}\n'
  const { code } = readBash(text)
  assert.equal(code.length, text.length)
  assert.deepEqual(
    code.split('\n').map((line) => line.trimEnd()),
    ['a() {', '\tcat <<E', '', '', '\techo "', '     "', '}', ''],
  )
})

test('readBash reads anything to its end', () => {
  const words = fc.array(
    fc.constantFrom('$', '(', ')', '{', '}', '"', "'", '`', '\\', '#', '[[ ', ']]', '((', '<<E', 'E', '\n', ' ', 'a', '=', 'é😀'),
  )
  fc.assert(
    fc.property(words, (some) => {
      const text = some.join('')
      const { code, unquoted } = readBash(text)
      assert.equal(code.length, text.length)
      assert.equal(code.split('\n').length, text.split('\n').length)
      assert.ok(unquoted.every((place) => text[place] === '$'))
    }),
  )
})

test('isBash goes by the first line, or by the name', () => {
  assert.equal(isBash({ path: 'x', text: '#!/usr/bin/env bash\n' }), true)
  assert.equal(isBash({ path: 'x.bash', text: '' }), true)
  assert.equal(isBash({ path: 'x', text: '#!/bin/sh\n' }), false)
  assert.equal(isBash({ path: 'x.ts', text: '// bash' }), false)
})
