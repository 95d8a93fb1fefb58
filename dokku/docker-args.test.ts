import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createApp } from './create.ts'
import { ownArgs, pluginOptions, withArgs } from './docker-args.ts'
import { readOptions, storeDockerOptions } from './docker-options.ts'
import { stateOnly } from './fixtures.ts'
import type { Collect } from './hooks.ts'
import { plainManifest } from './manifest.ts'
import { draftRelease } from './release.ts'

type Answers = (hook: string, input: object, soFar: string) => string[]

/** An app of which plugins answer so. */
async function appWith(answers: Answers) {
  const collect = async (hook: string, input: object, around?: { stdin: NodeJS.ReadableStream }) =>
    around === undefined ? [] : answers(hook, input, await text(around.stdin))
  return await createApp(stateOnly({}, { collect: collect as unknown as Collect }), 'shop')
}

const by = { user: 'alice', output: { line: () => undefined } as never }

test('pluginOptions gives plugins the options so far, and takes them once when they are printed again', async () => {
  const seen: string[] = []
  const app = await appWith((hook, _input, soFar) => {
    seen.push(`${hook}: ${soFar}`)
    return hook === 'docker-args-run' ? [`${soFar} --label a=b`] : [soFar, '--label=c=d\n--label a=b']
  })
  const added = await pluginOptions(app, readOptions('--memory 64m', 'run'), { phase: 'run', tag: 'v1' })
  assert.deepEqual(
    added.map(({ option }) => option),
    ['--label a=b', '--label c=d'],
  )
  assert.deepEqual(seen, ['docker-args-run: --memory 64m\n', 'docker-args-process-run: --memory 64m --label a=b\n'])
})

test('what a plugin prints is checked as what people type, and the error says which hook it was', async () => {
  const app = await appWith((hook) => (hook === 'docker-args-deploy' ? ['--privileged'] : []))
  await assert.rejects(pluginOptions(app, [], { phase: 'deploy', tag: 'v1', process: 'web' }), {
    code: 'refused-docker-option',
    message: /what a plugin printed for docker-args-deploy: --privileged/,
  })
})

test('withArgs asks once for each process type that runs, and keeps the answers apart', async () => {
  const inputs: object[] = []
  const app = await appWith((hook, input) => {
    if (hook !== 'docker-args-deploy') return []
    inputs.push(input)
    return [`--label of=${(input as { process: string }).process}`]
  })
  const manifest = { ...plainManifest, processes: { web: null, worker: 'work', idle: 'sleep' } }
  const draft = draftRelease(app, { image: 'sha256:1', manifest, description: 'Deploy', by: 'alice', formation: { worker: 2 } })
  const { args } = await withArgs(app, draft, by)
  assert.deepEqual(
    args.map(({ process, option }) => `${process} ${option}`),
    ['web --label of=web', 'worker --label of=worker'],
  )
  assert.deepEqual(inputs[0], { app: 'shop', source: 'dockerfile', tag: 'v1', process: 'web' })
})

test('ownArgs answers with what was set for an app, and only where plugins ask for options', async () => {
  const app = await appWith(() => [])
  storeDockerOptions(app, readOptions('--build-arg A=1 --no-cache', 'build'))
  assert.equal(ownArgs(app.instance, 'docker-args-build', ['shop', 'dockerfile']), '--build-arg A=1 --no-cache')
  assert.equal(ownArgs(app.instance, 'docker-args-process-build', ['shop']), '--build-arg A=1 --no-cache')
  assert.equal(ownArgs(app.instance, 'docker-args-deploy', ['shop']), '')
  for (const [hook, ...args] of [['docker-args-build', 'nobody'], ['docker-args-build'], ['post-deploy', 'shop']] as const)
    assert.equal(ownArgs(app.instance, hook, args), undefined)
})
