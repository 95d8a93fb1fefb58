import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseDockerfile } from './instructions.ts'
import { trusting } from './trust.ts'

const mount = '--mount=type=secret,id=dokku-ca,target=/dev/dokku-ca.crt,mode=0444'

/** The rewritten text without the ARGs, which are looked at on their own. */
function without(content: string): string {
  return trusting(content).text.replace(/\nARG \w+=\/dev\/dokku-ca\.crt\r?/g, '')
}

describe('builder trust', () => {
  const cases: [what: string, before: string, after: string][] = [
    ['a RUN gets the mount', 'FROM a\nRUN npm ci', `FROM a\nRUN ${mount} npm ci`],
    [
      'flags of the author stay',
      'FROM a\nRUN --mount=type=cache,target=/c npm ci',
      `FROM a\nRUN ${mount} --mount=type=cache,target=/c npm ci`,
    ],
    ['the JSON form stays', 'FROM a\nRUN ["npm", "ci"]', `FROM a\nRUN ${mount} ["npm", "ci"]`],
    ['case and indentation do not matter', 'from a\n  run npm ci', `from a\n  run ${mount} npm ci`],
    ['a continued RUN is one', 'FROM a\nRUN a && \\\n  RUN b\nRUN c', `FROM a\nRUN ${mount} a && \\\n  RUN b\nRUN ${mount} c`],
    ['a RUN that is continued at once', 'FROM a\nRUN\\\n a', `FROM a\nRUN ${mount} \\\n a`],
    [
      'comments and blank lines do not end a continuation',
      'FROM a\nRUN a \\\n# RUN b\n\n  && RUN c\nRUN d',
      `FROM a\nRUN ${mount} a \\\n# RUN b\n\n  && RUN c\nRUN ${mount} d`,
    ],
    ['a doubled backslash does not continue', 'FROM a\nRUN echo \\\\\nRUN b', `FROM a\nRUN ${mount} echo \\\\\nRUN ${mount} b`],
    [
      'another escape character',
      '# escape=`\nFROM a\nRUN a `\nRUN b\nRUN c \\\nRUN d',
      `# escape=\`\nFROM a\nRUN ${mount} a \`\nRUN b\nRUN ${mount} c \\\nRUN ${mount} d`,
    ],
    [
      'the text of a heredoc is left alone',
      'FROM a\nRUN <<EOF\nRUN x\nFROM y\nEOF\nRUN b',
      `FROM a\nRUN ${mount} <<EOF\nRUN x\nFROM y\nEOF\nRUN ${mount} b`,
    ],
    [
      'quoted and tabbed heredocs',
      'FROM a\nRUN sh <<-\'E F\' <<"G"\nRUN x\n\tE F\nRUN y\nG\nRUN b',
      `FROM a\nRUN ${mount} sh <<-'E F' <<"G"\nRUN x\n\tE F\nRUN y\nG\nRUN ${mount} b`,
    ],
    ['heredocs of COPY', 'FROM a\nCOPY <<A <<B /\nRUN x\nA\nRUN y\nB\nRUN b', `FROM a\nCOPY <<A <<B /\nRUN x\nA\nRUN y\nB\nRUN ${mount} b`],
    ['quotes open no heredoc', 'FROM a\nRUN echo "a <<EOF"\nRUN b', `FROM a\nRUN ${mount} echo "a <<EOF"\nRUN ${mount} b`],
    ['ONBUILD is left alone', 'FROM a\nONBUILD RUN npm ci', 'FROM a\nONBUILD RUN npm ci'],
    ['words that begin with RUN are not RUN', 'FROM a\nRUNNER x\nENV RUN=1\nLABEL x=RUN', 'FROM a\nRUNNER x\nENV RUN=1\nLABEL x=RUN'],
    ['CRLF stays', 'FROM a\r\nRUN a \\\r\n b\r\n', `FROM a\r\nRUN ${mount} a \\\r\n b\r\n`],
    [
      'what precedes the first FROM is untouched',
      '# syntax=x\n# escape=\\\nARG A=1\n\nFROM $A\n',
      '# syntax=x\n# escape=\\\nARG A=1\n\nFROM $A\n',
    ],
  ]
  for (const [what, before, after] of cases) test(`rewriting: ${what}`, () => assert.equal(without(before), after))

  test('each stage points tools at the bundle, after its FROM and nowhere else', () => {
    const { lines } = parseDockerfile(trusting('ARG X\nFROM a \\\n AS one\nRUN b\nFROM one\n').text)
    const at = lines.flatMap((line, index) => (line.startsWith('ARG SSL_CERT_FILE=') ? [index] : []))
    assert.equal(at.length, 2)
    assert.deepEqual(
      at.map((index) => lines[index - 1]),
      [' AS one', 'FROM one'],
    )
    for (const name of [
      'NODE_EXTRA_CA_CERTS',
      'PIP_CERT',
      'REQUESTS_CA_BUNDLE',
      'CURL_CA_BUNDLE',
      'GIT_SSL_CAINFO',
      'CARGO_HTTP_CAINFO',
      'npm_config_cafile',
    ])
      assert.equal(lines.filter((line) => line === `ARG ${name}=/dev/dokku-ca.crt`).length, 2, name)
  })

  test("lines of the rewritten text map to the author's", () => {
    const instruction = fc.constantFrom('FROM a', 'RUN b', 'RUN c \\\n  d', 'COPY . .', '# x', '', 'FROM b \\\n AS c', 'RUN <<E\nFROM x\nE')
    fc.assert(
      fc.property(fc.array(instruction), (parts) => {
        const content = parts.join('\n')
        const lines = content.split('\n')
        const { text, originalLine } = trusting(content)
        const found = text
          .split('\n')
          .flatMap((line, index) =>
            /^ARG .*dokku-ca/.test(line) ? [] : [[line.replace(`${mount} `, ''), lines[originalLine(index + 1) - 1]]],
          )
        assert.equal(found.length, lines.length)
        for (const [now, then] of found) assert.equal(now, then)
      }),
    )
  })

  test('lines of blanks take no longer than others', () => {
    const blanks = ' '.repeat(60_000)
    const begun = performance.now()
    trusting(`# syntax=a${blanks}b\nFROM a\nRUN ${blanks}x${blanks}y\n${`${blanks}\\ \n`.repeat(20)}`)
    assert.ok(performance.now() - begun < 1000, 'it took longer than a second')
  })

  test('any text keeps every character of its own', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('FROM ', 'RUN ', 'x', '\n', '\\', '<<E', ' ', '#', '"', "'", '\t', '\r') }),
        (content) => {
          const squeezed = (text: string) =>
            text
              .replaceAll(mount, '')
              .replace(/\nARG \w+=\/dev\/dokku-ca\.crt/g, '')
              .replace(/[ \t\r]/g, '')
          assert.equal(squeezed(trusting(content).text), squeezed(content))
        },
      ),
    )
  })
})

test('Dockerfile directives are read from the head only', () => {
  assert.deepEqual(parseDockerfile('#syntax = docker/dockerfile:1 \n# escape=`\n# other\n# check=skip=all\nFROM a').directives, {
    syntax: 'docker/dockerfile:1',
    escape: '`',
  })
  assert.deepEqual(parseDockerfile('\n# syntax=x\nFROM a').directives, {})
})
