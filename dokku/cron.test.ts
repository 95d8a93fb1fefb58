import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { store } from '#plugn'
import { cron } from './cron.ts'
import type { CronJob } from './cron-sources.ts'
import { livePlugins } from './live-plugins.ts'

/** Cron of one real plugin, whose lines are in a file. */
async function house(t: TestContext, run: (job: CronJob) => Promise<number>) {
  const dir = await mkdtemp(join(tmpdir(), 'cron-'))
  const installed = store(join(dir, 'plugins'))
  await installed.init()
  const plugin = join(installed.available, 'clock')
  await mkdir(plugin)
  await writeFile(join(plugin, 'cron-entries'), `#!/bin/sh\ncat ${dir}/lines\n`)
  await chmod(join(plugin, 'cron-entries'), 0o755)
  await installed.enable('clock')
  const folder = join(dir, 'cron.d')
  await mkdir(folder)
  const said: string[] = []
  const warn = (text: string) => void said.push(text)
  const environment = () => ({ PATH: process.env.PATH ?? '' })
  const plugins = await livePlugins({ store: installed, environment, confine: async () => undefined, warn })
  const table = cron({ plugins, folder, run, warn })
  t.after(async () => {
    table.close()
    await rm(dir, { recursive: true })
  })
  const lines = async (text: string | undefined) => {
    if (text === undefined) await rm(join(dir, 'lines'))
    else await writeFile(join(dir, 'lines'), text)
    await table.reload()
  }
  return { table, lines, said, folder }
}

test('a plugin that cannot answer keeps its lines; one that answers others has those, and what is none is said once', async (t) => {
  const { table, lines, said } = await house(t, async () => 0)
  const commands = () => table.list().jobs.map(({ command }) => command)
  await lines('@daily;one\n@hourly;two\nnone\n')
  const [first] = table.list().jobs
  assert.deepEqual(commands(), ['one', 'two'])
  await lines('@daily;one\n@hourly;three\nnone\n')
  assert.deepEqual(commands(), ['one', 'three'])
  assert.equal(table.list().jobs[0]?.id, first?.id)
  assert.equal(said.filter((text) => /line 3/.test(text)).length, 1)
  await lines(undefined)
  assert.deepEqual(commands(), ['one', 'three'])
  assert.match(said.at(-1) ?? '', /failed at cron-entries/)
  await lines('')
  assert.deepEqual(commands(), [])
})

test('a line runs never twice at once, and again once it has ended', async (t) => {
  const ends: (() => void)[] = []
  const { table, lines } = await house(t, () => new Promise((resolve) => ends.push(() => resolve(ends.length))))
  await lines('@daily;one\n')
  const [job] = table.list().jobs
  assert.ok(job)
  const first = table.start(job.id)
  await assert.rejects(table.start(job.id), { code: 'cron-running' })
  ends[0]?.()
  assert.equal(await first, 1)
  const second = table.start(job.id)
  ends[1]?.()
  assert.equal(await second, 2)
  await assert.rejects(table.start('nothing'), { code: 'no-such-entry' })
})

test('a file that somebody else could write is not run', { skip: process.getuid?.() !== 0 && 'files of root are wanted' }, async (t) => {
  const { table, lines, folder } = await house(t, async () => 0)
  await writeFile(join(folder, 'good'), '@daily root true\n', { mode: 0o644 })
  await writeFile(join(folder, 'open'), '@daily root false\n')
  await chmod(join(folder, 'open'), 0o666)
  await writeFile(join(folder, 'copy.bak'), '@daily root false\n')
  await lines('')
  assert.deepEqual(
    table.list().jobs.map(({ command, user }) => [command, user]),
    [['true', 'root']],
  )
  assert.match(table.list().problems.join(), /open: it is not a file of root/)
})

test('a line runs at its times, and no more once it is gone', async (t) => {
  const ran: string[] = []
  const { lines } = await house(t, async ({ command }) => ran.push(command))
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 0, 1, 0, 0, 30) })
  const minutes = async (count: number) => {
    for (let second = 0; second < count * 60; second++) {
      t.mock.timers.tick(1000)
      await new Promise(setImmediate)
    }
  }
  await lines('* * * * *;every minute\n0 0 1 2 *;in February\n')
  await minutes(3)
  assert.deepEqual(ran, ['every minute', 'every minute', 'every minute'])
  await lines('')
  await minutes(3)
  assert.equal(ran.length, 3)
})
