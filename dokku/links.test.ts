import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DockerOption, readOptions } from './docker-options.ts'
import { allLinks, linksOf } from './links.ts'

const link = (process: string, phase: 'build' | 'deploy' | 'run', to: string): DockerOption[] => readOptions(`--link ${to}`, phase, process)
const release = {
  options: [...link('', 'deploy', 'db:store'), ...link('worker', 'deploy', 'queue'), ...link('', 'build', 'mirror')],
  args: link('', 'run', 'db:other'),
}

test('linksOf are those that containers of a process type get', () => {
  assert.deepEqual(linksOf(release, 'deploy', 'web'), [{ container: 'db', alias: 'store' }])
  assert.deepEqual(linksOf(release, 'deploy', 'worker'), [
    { container: 'db', alias: 'store' },
    { container: 'queue', alias: 'queue' },
  ])
  assert.deepEqual(linksOf(release, 'run', 'run'), [{ container: 'db', alias: 'other' }])
})

test('allLinks are those of any container of the app, and none of builds', () => {
  const names = new Set(allLinks(release).map(({ container, alias }) => `${container}:${alias}`))
  assert.deepEqual([...names].sort(), ['db:other', 'db:store', 'queue:queue'])
  assert.deepEqual(allLinks(undefined), [])
})
