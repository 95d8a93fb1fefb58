import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { gitEnvironment } from '#lib/git.ts'
import { checkout } from './checkout.ts'
import { commit, gitIn, gitReports, receiver, scratch, workTree } from './fixtures.ts'
import { decide } from './policy.ts'

/** A repository that takes pushes, and a work tree to push from. */
async function place(t: TestContext, hook?: string) {
  const repositories = await receiver(t, hook)
  return { path: await repositories.ensure('7'), work: await workTree(t, { a: '1' }) }
}

/** Gives a git command input, such as a tree line by line. */
async function feed(dir: string, words: string[], input: string): Promise<string> {
  return (await run(['git', '-C', dir, ...words], { input, env: gitEnvironment() })).stdout.trim()
}

/** Makes a branch of one commit whose tree is made of these lines, which no work tree could have. */
async function branchOf(work: string, name: string, lines: string[]): Promise<void> {
  const tree = await feed(work, ['mktree', '--missing'], `${lines.join('\n')}\n`)
  const made = await gitIn(work, 'commit-tree', '-m', 'hostile', tree)
  await gitIn(work, 'update-ref', `refs/heads/${name}`, made)
}

test('a push with a tree that writes into .git, or whose entries lead out of it, is refused', async (t) => {
  const { path, work } = await place(t)
  const blob = await feed(work, ['hash-object', '-w', '--stdin'], '#!/bin/sh\n')
  const tree = await feed(work, ['mktree'], `100755 blob ${blob}\tpre-receive\n`)
  const link = await feed(work, ['hash-object', '-w', '--stdin'], '../../../etc/passwd')
  const hostile = {
    'dot-git': `040000 tree ${tree}\t.git`,
    'dot-git-in-capitals': `040000 tree ${tree}\t.GIT`,
    'dot-git-of-windows': `040000 tree ${tree}\tgit~1`,
    'dot-dot': `040000 tree ${tree}\t..`,
    dot: `040000 tree ${tree}\t.`,
    'modules-by-a-link': `120000 blob ${link}\t.gitmodules`,
  }
  for (const [name, line] of Object.entries(hostile)) {
    await branchOf(work, name, [line])
    const said = await gitReports(work, 'push', path, `${name}:main`)
    assert.match(said, /fsck error|unpacker error|unpack failed/, `${name}: ${said}`)
  }
  assert.equal(await gitIn(path, 'for-each-ref'), '')
})

test('a push of a commit that submodules could use to run programs is refused', async (t) => {
  const { path, work } = await place(t)
  await commit(work, { '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n' })
  assert.match(await gitReports(work, 'push', path, 'main'), /fsck error|gitmodulesUrl/)
})

test('a ref whose name a shell would run is declined, quoted, and nothing runs', async (t) => {
  const { path, work } = await place(t, 'cat; exit 1')
  const name = 'refs/heads/$(touch${IFS}ran)'
  const said = await gitReports(work, 'push', path, `main:${name}`)
  assert.match(said, /declined/)
  for (const dir of [path, work]) assert.ok(!(await readdir(dir)).includes('ran'))
  const updates = [{ old: '0'.repeat(40), new: '1'.repeat(40), ref: name }]
  assert.throws(() => decide(updates), { message: 'Branch "$(touch${IFS}ran)" is not deployed: push it as git push dokku BRANCH:main' })
})

test('names that differ in case alone are two files, and one below a file that is a link stays below the checkout', async (t) => {
  const { work } = await place(t)
  const head = await commit(work, { README: 'one', readme: 'two', out: '-> /tmp' })
  const dir = await scratch(t)
  await checkout(join(work, '.git'), head, dir)
  assert.deepEqual((await readdir(dir)).sort(), ['README', 'a', 'out', 'readme'])
})

test('a tree of 100,000 files is checked out, and one of more than may be is refused before a byte is written', async (t) => {
  const { work } = await place(t)
  const files = Array.from({ length: 100_000 }, (_, n) => `M 100644 inline d${n % 100}/f${n}\ndata 1\nx\n`)
  const head = 'commit refs/heads/many\ncommitter A <a@example.com> 0 +0000\ndata 4\nmany\n'
  await feed(work, ['fast-import', '--quiet', '--force'], `${head}${files.join('')}done\n`)
  const many = await gitIn(work, 'rev-parse', 'many')
  const dir = await scratch(t)
  const { entries } = await checkout(join(work, '.git'), many, dir)
  assert.equal(entries, 100_100)
  const empty = await scratch(t)
  await assert.rejects(checkout(join(work, '.git'), many, empty, {}, { maxEntries: 50_000 }), { code: 'tree-too-large' })
  assert.deepEqual(await readdir(empty), [])
})
