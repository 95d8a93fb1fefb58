import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { UserError } from '#lib/errors.ts'
import { checkUnmoved, decide, type Policy, parseUpdates } from './policy.ts'

const none = '0'.repeat(40)
const one = '1'.repeat(40)
const two = '2'.repeat(40)
const push = (ref: string, commit = two, old = one) => ({ old, new: commit, ref })

/** The one line that a declined push is answered with. */
function refusal(updates: Parameters<typeof decide>[0], policy?: Policy): string {
  try {
    decide(updates, policy)
  } catch (error) {
    assert.ok(error instanceof UserError)
    assert.equal(error.code, 'push-declined')
    assert.doesNotMatch(error.message, /\n/)
    return error.message
  }
  throw new assert.AssertionError({ message: 'the push was not declined' })
}

test('decide deploys main and master where no deploy branch is set', () => {
  assert.deepEqual(decide([push('refs/heads/main')]), { deploy: { branch: 'main', commit: two, old: one }, others: [] })
  assert.deepEqual(decide([push('refs/heads/master', one, none)]), { deploy: { branch: 'master', commit: one, old: none }, others: [] })
})

test('decide deploys only the deploy branch where one is set, and names it', () => {
  assert.equal(decide([push('refs/heads/live/eu')], { deployBranch: 'live/eu' }).deploy?.branch, 'live/eu')
  assert.equal(
    refusal([push('refs/heads/main')], { deployBranch: 'live' }),
    'Branch main is not deployed: push it as git push dokku main:live',
  )
})

test('decide tells how to push another branch', () => {
  assert.equal(refusal([push('refs/heads/feature-x')]), 'Branch feature-x is not deployed: push it as git push dokku feature-x:main')
  assert.match(refusal([push('refs/heads/feature-x')], { remote: 'prod' }), /git push prod feature-x:main$/)
})

test('decide declines a branch that comes along with another one', () => {
  assert.match(refusal([push('refs/heads/main'), push('refs/heads/feature-x')]), /^Branch feature-x is not deployed/)
})

test('decide accepts tags beside the branch and declines tags alone', () => {
  assert.equal(decide([push('refs/tags/v1'), push('refs/heads/main')]).deploy?.branch, 'main')
  assert.equal(refusal([push('refs/tags/v1')]), 'A tag alone is not deployed: push a branch, as git push dokku main')
})

test('decide declines deletions with what to do instead', () => {
  assert.equal(refusal([push('refs/heads/main', none)]), 'Branch main cannot be deleted: to remove the app, run apps:destroy')
  assert.match(refusal([push('refs/heads/old', none)]), /^Branch old cannot be deleted here/)
  assert.match(refusal([push('refs/tags/v1', none)]), /^Tag v1 cannot be deleted here/)
  assert.match(refusal([push('refs/heads/main'), push('refs/tags/v1', none)]), /^Tag v1/)
})

test('decide declines main and master in one push', () => {
  assert.match(refusal([push('refs/heads/main'), push('refs/heads/master')]), /^main and master were pushed at once/)
})

test('decide declines refs that are neither branches nor tags', () => {
  for (const ref of ['refs/notes/commits', 'refs/heads/', 'HEAD', 'refs/for/main'])
    assert.match(refusal([push(ref)]), /neither a branch nor a tag/)
})

test('decide has nothing to deploy when nothing was pushed', () => {
  assert.deepEqual(decide([]), { others: [] })
})

test('decide answers any ref name with one plain line', () => {
  void fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      fc.pre(name !== 'main' && name !== 'master')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach a terminal
      assert.doesNotMatch(refusal([push(`refs/heads/${name}`)]), /[\x00-\x1f]|git push dokku (?!BRANCH)[^ ]*[$`;&|'"\\(]/)
    }),
  )
})

test('parseUpdates reads the lines of a hook and refuses others', () => {
  assert.deepEqual(parseUpdates(`${one} ${two} refs/heads/main\n${none} ${one} refs/tags/a b\n`), [
    push('refs/heads/main'),
    push('refs/tags/a b', one, none),
  ])
  assert.deepEqual(parseUpdates(''), [])
  assert.throws(() => parseUpdates('x y z\n'), /not a ref update/)
})

test('checkUnmoved declines a queued push whose branch has moved', () => {
  const deploy = { branch: 'main', commit: two, old: one }
  checkUnmoved(deploy, one)
  checkUnmoved({ ...deploy, old: none }, undefined)
  for (const [old, current] of [
    [one, two],
    [one, undefined],
    [none, one],
  ] as const)
    assert.throws(() => checkUnmoved({ ...deploy, old }, current), /Branch main moved while this push waited/)
})

test('decide tells other branches apart where they are taken, alone or beside one that deploys, and lets them be deleted', () => {
  const taken = { others: true }
  const feature = { branch: 'feature', commit: two, old: one }
  assert.deepEqual(decide([push('refs/heads/feature')], taken), { others: [feature] })
  assert.deepEqual(decide([push('refs/heads/feature'), push('refs/heads/main')], taken), {
    deploy: { branch: 'main', commit: two, old: one },
    others: [feature],
  })
  assert.deepEqual(decide([push('refs/heads/feature', none)], taken), { others: [] })
  assert.match(refusal([push('refs/heads/main', none)], taken), /cannot be deleted/)
  assert.match(refusal([push('refs/tags/v1')], taken), /A tag alone/)
})
