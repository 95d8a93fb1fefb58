import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch, run } from '#lib/exec.ts'
import { dispatch, loadPlugin, silent, store } from '#plugn'
import { root } from '../../sources.ts'
import { atMost, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

/** What a start of the program costs. */
export const plugnList: Row = {
  name: 'plugn-list',
  what: '`plugn list` with 60 plugins / `node` with an empty program',
  bar: atMost(2.5),
  gated: false,
  how: 'in turn, from what both are called to their ends',
  async measure(lab) {
    return await withPlugins(60, [], async (path) => {
      const env = { PATH: process.env.PATH ?? '', PLUGIN_PATH: path }
      const list = () => run([process.execPath, join(root, 'plugn/plugn.js'), 'list'], { env })
      const rows = (await list()).stdout.split('\n').length - 1
      if (rows !== 60) throw new Error(`${rows} plugins were listed`)
      const bare = () => run([process.execPath, '--eval', ''], { env })
      await bare()
      const { ours, node } = await inTurn(lab.rounds(41), { node: () => timed(bare), ours: () => timed(list) })
      return { value: ours / node, said: `${ours.toFixed(0)} / ${node.toFixed(0)} ms` }
    })
  },
}

/** What a hook costs beside its programs. */
export const plugnExecutables: Row = {
  name: 'plugn-executables',
  what: 'a hook that 3 of 40 plugins handle by executables / the three started alone',
  bar: atMost(1.2),
  gated: false,
  how: 'in turn in one process: `trigger` of the library, and three `spawn`s one after another',
  async measure(lab) {
    return await withPlugins(40, [3, 17, 31], async (path) => {
      const found = await store(path).listEnabled()
      const loaded = await Promise.all(found.map((one) => loadPlugin(one, { stored: {}, env: {}, modules: false })))
      const env = { PATH: process.env.PATH ?? '' }
      const responders = loaded.flatMap((one) => one.responders)
      const { trigger } = dispatch({}, responders, { ...silent(), env })
      const hooks = [3, 17, 31].map((at) => join(path, 'enabled', nameOf(at), 'hook'))
      const spawned = async () => {
        for (const hook of hooks) await launch([hook, 'word'], { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] }).exited
      }
      const ours = async () => {
        if ((await trigger('hook', ['word'])) !== 0) throw new Error('the hook failed')
      }
      for (const work of [ours, spawned]) await work()
      const medians = await inTurn(lab.rounds(101), { spawned: () => timed(spawned), ours: () => timed(ours) })
      return { value: medians.ours / medians.spawned, said: `${medians.ours.toFixed(1)} / ${medians.spawned.toFixed(1)} ms` }
    })
  },
}

/** So many enabled plugins in a folder of their own, a few of them with an executable. */
async function withPlugins<T>(count: number, handling: readonly number[], work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'bench-plugn-'))
  try {
    const { available, enable, init } = store(path)
    await init()
    for (let at = 0; at < count; at++) {
      const dir = join(available, nameOf(at))
      await mkdir(dir)
      await writeFile(join(dir, 'plugin.toml'), `[plugin]\ndescription = "the plugin ${at}"\nversion = "0.1.${at}"\n[plugin.config]\n`)
      if (handling.includes(at)) await writeFile(join(dir, 'hook'), '#!/bin/sh\n:\n', { mode: 0o755 })
      await enable(nameOf(at))
    }
    return await work(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

function nameOf(at: number): string {
  return `plugin-${String(at).padStart(2, '0')}`
}
