import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isIgnored, matches, parseDockerignore } from './dockerignore.ts'

/** Asks as the walk does: every parent first. */
function ignored(content: string, path: string): boolean {
  const patterns = parseDockerignore(content)
  let matched: boolean[] = []
  const parts = path.split('/')
  for (let count = 1; count <= parts.length; count++) matched = matches(patterns, parts.slice(0, count).join('/'), matched)
  return isIgnored(patterns, matched)
}

describe('dockerignore', () => {
  // Rules of Docker's documentation of .dockerignore files, and of Go's filepath.Match.
  const cases: [content: string, left: string[], kept: string[]][] = [
    ['*/temp*', ['dir/temporary.txt', 'dir/temp/x'], ['temp', 'a/b/temp']],
    ['*/*/temp*', ['a/b/temporary.txt'], ['a/temp']],
    ['temp?', ['tempa', 'tempb/x'], ['temp', 'tempab', 'a/tempa']],
    ['**/*.go', ['a.go', 'a/b.go', 'a/b/c.go'], ['a.gox']],
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['x/node_modules', 'node_modules2']],
    ['/node_modules/', ['node_modules/a'], ['x/node_modules']],
    ['**/node_modules', ['node_modules/a', 'x/y/node_modules/a'], ['x/anode_modules']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/x'], ['a/bz', 'z']],
    ['a/**', ['a/b', 'a/b/c'], ['b']],
    ['*\n!a/keep', ['a/drop', 'b'], ['a/keep', 'a/keep/all']],
    ['*.md\n!README*.md\nREADME-secret.md', ['x.md', 'README-secret.md'], ['README.md', 'README-x.md']],
    ['*.md\nREADME-secret.md\n!README*.md', ['x.md'], ['README-secret.md']],
    ['# comment\n\n  spaced  \n', ['spaced'], ['# comment', 'other']],
    ['./a/../b', ['b'], ['a']],
    ['\\*', ['*'], ['a']],
    ['[a-c]x[^0-9]', ['axz', 'cxy'], ['dxz', 'ax1']],
    ['a(b)+.txt', ['a(b)+.txt'], ['abb.txt', 'a(b)+xtxt']],
    ['constructor', ['constructor'], ['toString']],
    ['\uFEFFsecret\r\nother', ['secret', 'other'], ['x']],
    ['[', ['['], ['a']],
    ['!', [], ['a', '!']],
    ['.', [], ['a', '.env']],
    ['', [], ['a']],
  ]
  for (const [content, left, kept] of cases)
    test(`reads ${JSON.stringify(content)} as Docker does`, () => {
      assert.deepEqual(
        left.filter((path) => !ignored(content, path)),
        [],
        'left out',
      )
      assert.deepEqual(
        kept.filter((path) => ignored(content, path)),
        [],
        'kept',
      )
    })

  test('takes a name without wildcards as that name', () => {
    const name = fc.stringMatching(/^[a-z(){}+|^$][a-z(){}+|^$.]{0,20}$/)
    fc.assert(fc.property(name, name, (pattern, path) => assert.equal(ignored(pattern, path), pattern === path)))
  })

  test('does not fall for patterns that make matchers think for ages', () => {
    assert.equal(ignored(`${'*a'.repeat(200)}b`, 'a'.repeat(2000)), false)
    assert.equal(ignored(`${'**/'.repeat(200)}b`, 'a/'.repeat(60).slice(0, -1)), false)
  })
})
