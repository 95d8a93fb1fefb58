import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, ok, startInstance, untilHealthy, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'strangers' })
const other = await startInstance({ suffix: 'other', env: { DOKKU_NETWORK: 'published' } })
const stranger = ['--label', `dokku.instance=${instance.name}-strangers`, '--entrypoint', 'sleep']
const { engine, name, ssh } = instance
after(async () => {
  await Promise.all([instance.remove(), other.remove()])
  const left = await engine.lines('ps', '--all', '--quiet', '--filter', `label=dokku.instance=${name}-strangers`)
  if (left.length > 0) await engine.docker(['rm', '--force', ...left])
})
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('one'), name)

/** Starts a container that is none of dokku's. */
const start = async (container: string, from = image, ...options: string[]) =>
  ok(await engine.docker(['run', '--detach', '--name', container, ...stranger, ...options, from, '600'])).trim()
const idOf = async (container: string) => ok(await engine.docker(['inspect', '--format', '{{.Id}} {{.State.Status}}', container])).trim()
const serves = async (one: typeof instance, app: string, body: string) =>
  assert.equal((await one.fetch(app, '/', { timeoutMs: 2_000 })).body, body)

/** Everything that an instance has on the engine, but for what comes and goes. */
const belongings = async (one: typeof instance) => {
  const label = `label=dokku.instance=${one.name}`
  return {
    containers: await engine.lines('ps', '--quiet', '--no-trunc', '--filter', label),
    networks: await engine.lines('network', 'ls', '--quiet', '--filter', label),
    volumes: await engine.lines('volume', 'ls', '--quiet', '--filter', `name=${one.name}`),
    images: await engine.lines('images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}', `${one.name}/*`),
  }
}

test('two instances with the same apps on one engine never touch what the other has', async () => {
  for (const [one, version] of [
    [instance, 'ours'],
    [other, 'theirs'],
  ] as const) {
    ok(await one.ssh('apps:create', 'shop'))
    ok(await one.ssh('config:set', '--no-restart', 'shop', `VERSION=${version}`))
    ok(await one.ssh('git:from-image', 'shop', image))
  }
  const before = await belongings(other)
  assert.ok(Object.values(before).every((found) => found.length > 0))
  ok(await ssh('config:set', 'shop', 'VERSION=ours again'))
  ok(await ssh('apps:rename', 'shop', 'store'))
  ok(await ssh('--force', 'apps:destroy', 'store'))
  ok(await engine.docker(['restart', name]))
  await untilHealthy(engine, name)
  assert.deepEqual(await belongings(other), before)
  await serves(other, 'shop', 'theirs')
})

test('a deploy goes round a stranger that has the name of a container, says so, and takes the name once it is free', async () => {
  const taken = `${name}-app.web.1`
  const id = await start(taken)
  const deploy = await ssh('git:from-image', 'app', image)
  ok(deploy)
  assert.match(deploy.stderr, new RegExp(`The name ${taken} is taken by a container that is not of app: ours is ${taken}\\.`))
  await serves(instance, 'app', 'one')
  ok(await ssh('config:set', 'app', 'VERSION=two'))
  await serves(instance, 'app', 'two')
  // What happens to a container under such a name is noticed as ever.
  const all = await engine.lines('ps', '--filter', `name=${taken}.`, '--filter', `label=dokku.instance=${name}`, '--format', '{{.Names}}')
  // The one before may be on its way out.
  const ours = all.filter((one) => !one.includes('.retiring-'))
  assert.equal(ours.length, 1)
  ok(await engine.docker(['rm', '--force', ...ours]))
  await eventually(() => serves(instance, 'app', 'two'))
  assert.equal(await idOf(taken), `${id} running`)
  ok(await engine.docker(['rm', '--force', taken]))
  ok(await ssh('ps:restart', 'app'))
  await eventually(async () =>
    assert.equal(ok(await engine.docker(['inspect', '--format', '{{index .Config.Labels "dokku.instance"}}', taken])), `${name}\n`),
  )
})

test('a stranger with all labels of a container, from an image that was committed from it, is neither routed to nor removed', async () => {
  const committed = `${name}/committed:latest`
  ok(await engine.docker(['commit', `${name}-app.web.1`, committed]))
  // As `docker run` of that image: the labels come along.
  const id = ok(await engine.docker(['run', '--detach', '--name', `${name}-debug`, '--entrypoint', 'sleep', committed, '600'])).trim()
  try {
    const labels = ok(await engine.docker(['inspect', '--format', '{{json .Config.Labels}}', id]))
    assert.match(labels, new RegExp(`"dokku.instance":"${name}"`))
    ok(await ssh('config:set', 'app', 'VERSION=three'))
    await serves(instance, 'app', 'three')
    ok(await engine.docker(['restart', name]))
    await untilHealthy(engine, name)
    assert.doesNotMatch(ok(await ssh('ps:report', 'app')), /debug/)
    ok(await ssh('--force', 'apps:destroy', 'app'))
    ok(await engine.docker(['restart', name]))
    await untilHealthy(engine, name)
    assert.equal(await idOf(id), `${id} running`)
  } finally {
    await engine.docker(['rm', '--force', id])
  }
})

test('a stranger that has the name of the appliance is left alone, and what is missing is said', async () => {
  const appliance = `${name}-nginx`
  ok(await engine.docker(['stop', '--time', '1', name]))
  ok(await engine.docker(['rm', '--force', appliance]))
  const id = await start(appliance)
  ok(await engine.docker(['start', name]))
  await eventually(async () => {
    const { stdout, stderr } = await engine.docker(['logs', '--tail', '50', name])
    assert.match(stdout + stderr, new RegExp(`the container ${appliance} is not this instance’s, and stays as it is`))
  })
  assert.equal(await idOf(appliance), `${id} running`)
  ok(await engine.docker(['rm', '--force', appliance]))
  await untilHealthy(engine, name)
})

test('a network of a stranger under the name of the apps’ is not used: apps might talk to each other on it', async () => {
  const network = `${name}-apps`
  ok(await ssh('apps:create', 'last'))
  // Containers of before may still be on their way out.
  await eventually(async () => {
    await engine.docker(['network', 'rm', network])
    ok(await engine.docker(['network', 'create', '--label', `dokku.instance=${name}-strangers`, network]))
  })
  try {
    assert.match(failed(await ssh('git:from-image', 'last', image)), new RegExp(`the network ${network} is not this instance’s`))
  } finally {
    ok(await engine.docker(['network', 'rm', network]))
  }
  ok(await ssh('git:from-image', 'last', image))
  await serves(instance, 'last', 'one')
})
