import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BuildLog, readLog } from './build-log.ts'

const dir = await mkdtemp(join(tmpdir(), 'build-log-'))
after(() => rm(dir, { recursive: true, force: true }))

/** What a follower hears, and when it has heard the end. */
function follower(log: BuildLog, signal = new AbortController().signal) {
  let heard = ''
  const ended = log.follow((text) => {
    heard += text
  }, signal)
  return { ended, heard: () => heard }
}

test('BuildLog gives a follower what was said before and what is said after, once and in order', async () => {
  const path = join(dir, 'app', '1.log')
  const log = new BuildLog(path)
  log.write('one\n')
  const early = follower(log)
  log.write('zwei ü\n')
  const late = follower(log)
  log.write('three\n')
  log.end()
  await Promise.all([early.ended, late.ended])
  assert.equal(early.heard(), 'one\nzwei ü\nthree\n')
  assert.equal(late.heard(), early.heard())
  assert.equal(await readFile(path, 'utf8'), early.heard())
})

test('BuildLog lets a follower leave without disturbing another', async () => {
  const log = new BuildLog(join(dir, 'left.log'))
  const leave = new AbortController()
  const [left, stays] = [follower(log, leave.signal), follower(log)]
  leave.abort()
  await left.ended
  log.write('after\n')
  log.end()
  await stays.ended
  assert.deepEqual([left.heard(), stays.heard()], ['', 'after\n'])
})

test('BuildLog keeps the beginning and the end of an output that is too long, and says what is missing', async () => {
  const path = join(dir, 'long.log')
  const log = new BuildLog(path, { head: 20, tail: 12 })
  for (let n = 10; n < 100; n++) log.write(`line ${n}\n`)
  log.end()
  assert.equal(await readFile(path, 'utf8'), `line 10\nline 11\n       ... ${87 * 8} characters are left out here ...\nline 99\n`)
})

test('BuildLog goes on telling its followers when the disk is full, or has no place for it at all', async () => {
  await symlink('/dev/full', join(dir, 'full.log'))
  await writeFile(join(dir, 'file'), '')
  for (const path of [join(dir, 'full.log'), join(dir, 'file', '1.log')]) {
    const log = new BuildLog(path)
    log.write('before\n')
    const { ended, heard } = follower(log)
    log.write('after\n')
    log.end()
    await ended
    assert.equal(heard(), 'after\n !     a part of this output could not be kept: the disk did not take it\n')
  }
})

test('readLog of a log that is not there gives nothing', async () => {
  await readLog(join(dir, 'none.log'), () => assert.fail('there is nothing to say'))
})
