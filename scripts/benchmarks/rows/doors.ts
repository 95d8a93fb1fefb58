import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gitArgv } from '#lib/git.ts'
import { attempt, type Instance, ok, type Repo, repo } from '../../../tests/e2e/harness.ts'
import { bareHttp, bareSsh, largeBody } from '../bare-git.ts'
import type { Lab } from '../lab.ts'
import { heldMemory } from '../memory.ts'
import { atMost, type Figure, inSeconds, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

/** What the SSH door adds to git. */
export const pushSsh: Row = {
  name: 'push-ssh',
  what: 'push of 50 MB over SSH / the same to a bare repository through the same sshd',
  bar: atMost(1.15),
  gated: false,
  how: 'a branch that a plugin takes and does nothing with, so that nothing is built; in turn with `git receive-pack` behind an sshd with the configuration of the gateway',
  measure: (lab) =>
    against(lab, async (instance) => {
      const bare = await bareSsh(instance)
      return { ours: (work, branch) => instance.push(work, 'large', [`HEAD:refs/heads/${branch}`]), bare: bare.push }
    }),
}

/** What the HTTP door adds to git. */
export const pushHttp: Row = {
  name: 'push-http',
  what: 'push of 50 MB over HTTP / the same to `git http-backend` behind nginx',
  bar: atMost(1.25),
  gated: false,
  how: 'as above, by a token through the appliance; in turn with nginx and fcgiwrap',
  measure: (lab) =>
    against(lab, async (instance) => {
      const bare = await bareHttp(instance)
      const token = ok(await instance.ssh('--quiet', 'tokens:create', `bench-${randomBytes(3).toString('hex')}`)).trim()
      const host = `dokku.${instance.hostname}:${instance.ports.http}`
      const options = ['-c', `http.curloptResolve=${host}:${instance.engine.address}`]
      const env = { PATH: process.env.PATH ?? '', HOME: instance.dir, GIT_TERMINAL_PROMPT: '0' }
      const push = (work: Repo, branch: string) =>
        attempt(
          gitArgv([
            ...options,
            '-c',
            largeBody,
            '-C',
            work.dir,
            'push',
            `http://x:${token}@${host}/large.git`,
            `HEAD:refs/heads/${branch}`,
          ]),
          { env },
        )
      return { ours: push, bare: bare.push, close: bare.close }
    }),
}

/** Many at once. */
export const manyPushes: Row = {
  name: 'many-pushes',
  what: 'memory of control while 20 pushes to 20 apps come at once, and all of them land',
  bar: atMost(250, 'MB'),
  gated: false,
  how: '5 MB each, to a branch that is not built; the highest of what its cgroup holds, looked at every 100 ms',
  async measure(lab) {
    const instance = await prepared(lab)
    const work = await large(5)
    const apps = Array.from({ length: 20 }, (_, n) => `many-${n}`)
    for (const app of apps) ok(await instance.admin(['apps:create', app]))
    let peak = 0
    const done = new AbortController()
    const watching = (async () => {
      while (!done.signal.aborted) {
        peak = Math.max(peak, await heldMemory(instance, instance.name))
        await sleep(100)
      }
    })()
    const ms = await timed(async () => {
      for (const one of await Promise.all(apps.map((app) => instance.push(work, app, ['HEAD:refs/heads/many'])))) ok(one)
    })
    done.abort()
    await watching
    const head = await work.git('rev-parse', 'HEAD')
    const landed = (await branches(instance)).filter((commit) => commit === head).length
    if (landed !== apps.length) throw new Error(`${landed} of ${apps.length} pushes landed`)
    await work.remove()
    return { value: peak, said: `20 of 20 in ${inSeconds(ms)} s` }
  },
}

interface Ways {
  ours: (work: Repo, branch: string) => ReturnType<Instance['push']>
  bare: (work: Repo, branch: string) => ReturnType<Instance['push']>
  close?: () => Promise<void>
}

async function against(lab: Lab, waysOf: (instance: Instance) => Promise<Ways>): Promise<Figure> {
  const instance = await prepared(lab)
  const ways = await waysOf(instance)
  const work = await large(lab.brief ? 2 : 50)
  let n = 0
  const push = (way: Ways['ours']) => async () => {
    // Content of its own each time: what is there already is not sent again.
    await fill(work, lab.brief ? 2 : 50)
    return await timed(async () => ok(await way(work, `branch-${randomBytes(3).toString('hex')}-${++n}`)))
  }
  const { ours, bare } = await inTurn(lab.rounds(5), { bare: push(ways.bare), ours: push(ways.ours) })
  await ways.close?.()
  await work.remove()
  return { value: ours / bare, said: `${inSeconds(ours)} / ${inSeconds(bare)} s` }
}

/** An instance with the app `large`, and a plugin that takes every branch and does nothing. */
async function prepared(lab: Lab): Promise<Instance> {
  const instance = await lab.instance()
  const folder = '/var/lib/dokku/plugins/available/taker'
  const script = `mkdir -p ${folder} && printf '[plugin]\\n' >${folder}/plugin.toml && printf '#!/bin/sh\\n' >${folder}/receive-branch && chmod 755 ${folder}/receive-branch`
  ok(await instance.engine.docker(['exec', instance.name, 'sh', '-c', script]))
  await instance.ssh('plugin:enable', 'taker')
  await instance.admin(['apps:create', 'large'])
  return instance
}

async function large(megabytes: number): Promise<Repo> {
  const work = await repo({ 'README.md': 'Large.\n' })
  await fill(work, megabytes)
  return work
}

/** A commit without a past, of bytes that nothing makes smaller. */
async function fill(work: Repo, megabytes: number): Promise<void> {
  await work.git('checkout', '--quiet', '--orphan', `work-${randomBytes(3).toString('hex')}`)
  // As many files as a project has: git keeps small packs in another way.
  const files = Array.from({ length: 200 }, (_, n) => join(work.dir, `noise-${n}.bin`))
  for (const file of files) await writeFile(file, randomBytes((megabytes * 1_000_000) / files.length))
  await work.git('add', '--all')
  await work.git('commit', '--quiet', '--message', 'Noise')
}

/** What the branches of all repositories stand at. */
async function branches({ engine, name }: Instance): Promise<string[]> {
  const each = `for one in /var/lib/dokku/repositories/*.git; do git --git-dir $one for-each-ref --format='%(objectname)' refs/heads; done`
  return ok(await engine.docker(['exec', name, 'sh', '-c', each])).split('\n')
}
