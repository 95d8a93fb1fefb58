import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, ok, repo, startInstance, untilHealthy, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'cron' })
const { ssh, push, engine, name } = instance
const described = (cron: object[]) => `{\n "cron": [\n${cron.map((task) => `  ${JSON.stringify(task)}`).join(',\n')}\n ]\n}\n`
const tasks = [
  { command: 'echo hello "$HOME" again', schedule: '* * * * *' },
  { command: 'greet', schedule: '0 4 1 1 *' },
  { command: 'sh -c "exit 3"', schedule: '30 4 1 1 *' },
  { command: 'sleep 1000', schedule: '0 5 1 1 *', concurrency_policy: 'forbid' },
  { command: 'sleep 2000', schedule: '0 6 1 1 *', concurrency_policy: 'replace' },
  { command: 'true', schedule: '* * * * *', maintenance: true },
]
const work = await repo({
  ...versions,
  Procfile: 'web: exec node server.mjs\ngreet: echo $GREETING | tr a-z A-Z\n',
  'app.json': described(tasks),
})
after(() => Promise.all([instance.remove(), work.remove()]))
ok(await ssh('apps:create', 'shop'))
ok(await ssh('config:set', '--no-restart', 'shop', 'GREETING=hello you', 'VERSION=one'))
ok({ ...(await push(work, 'shop')), stdout: '' })

interface Listed {
  id: string
  command: string
  next: string | null
  suspended: boolean
  last_run: { outcome: string; exit_code: number | null; why: string } | null
}
const list = async () => JSON.parse(ok(await ssh('cron:list', 'shop', '--format', 'json'))) as Listed[]
const find = async (command: string) => {
  const found = (await list()).find((one) => one.command === command)
  assert.ok(found, command)
  return found
}
const last = async (command: string) => (await find(command)).last_run

test('cron:list shows the tasks of an app, and the text says the same', async () => {
  assert.deepEqual(
    (await list()).map(({ command }) => command),
    tasks.map(({ command }) => command),
  )
  assert.match((await find('greet')).next ?? '', /-01-01T04:00:00/)
  assert.equal((await find('true')).next, null)
  assert.match(ok(await ssh('cron:list', 'shop')), /^ID +SCHEDULE +NEXT +LAST +COMMAND\n[0-9a-f]{10}/)
  ok(await ssh('cron:set', 'shop', 'timezone', 'Asia/Tokyo'))
  assert.match((await find('greet')).next ?? '', /-12-31T19:00:00/)
})

test('cron:run runs an entry of the Procfile by a shell, with the config, and its exit status is ours', async () => {
  assert.equal(ok(await ssh('cron:run', 'shop', (await find('greet')).id)).trim(), 'HELLO YOU')
  failed(await ssh('cron:run', 'shop', (await find('sh -c "exit 3"')).id), 3)
  assert.deepEqual((await last('sh -c "exit 3"'))?.exit_code, 3)
  assert.match(ok(await ssh('events')), /shop +cron +the task [0-9a-f]+ failed \(exit status 3\)/)
  assert.match(ok(await ssh('cron:logs', 'shop', (await find('greet')).id)), /hand v1: succeeded \(exit status 0\), ended .*\nHELLO YOU/)
})

test('a task is not started twice where it is forbidden, and takes the place of the one before where it says so', async () => {
  const forbid = await find('sleep 1000')
  ok(await ssh('cron:run', 'shop', forbid.id, '--detach'))
  assert.match(failed(await ssh('cron:run', 'shop', forbid.id)), /still running/)
  const replace = await find('sleep 2000')
  ok(await ssh('cron:run', 'shop', replace.id, '--detach'))
  ok(await ssh('cron:run', 'shop', replace.id, '--detach'))
  await eventually(async () => assert.match(ok(await ssh('cron:logs', 'shop', replace.id)), /: replaced[\s\S]*: running/))
})

test('a task that runs survives a kill of control, which then knows how it ended', async () => {
  ok(await engine.docker(['kill', name]))
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  assert.equal((await last('sleep 2000'))?.outcome, 'running')
  const runs = JSON.parse(ok(await ssh('run:list', 'shop', '--format', 'json'))) as { name: string; command: string; state: string }[]
  const sleeping = runs.find(({ command, state }) => command.includes('sleep 2000') && state === 'running')
  assert.ok(sleeping)
  ok(await engine.docker(['kill', sleeping.name]))
  await eventually(async () => assert.equal((await last('sleep 2000'))?.exit_code, 137))
})

test('a task runs at its time by its words alone, and not while it is suspended', async () => {
  const { id } = await find('echo hello "$HOME" again')
  // A minute is the shortest there is.
  await eventually(async () => assert.equal((await last('echo hello "$HOME" again'))?.outcome, 'succeeded'), 90)
  assert.match(ok(await ssh('cron:logs', 'shop', id)), /schedule v1: succeeded.*\nhello \$HOME again/)
  ok(await ssh('cron:suspend', 'shop', id))
  assert.equal((await find('echo hello "$HOME" again')).next, null)
  assert.match(ok(await ssh('cron:report', 'shop')), new RegExp(`suspended: +${id}`))
  ok(await ssh('cron:resume', 'shop', id))
  assert.ok((await find('echo hello "$HOME" again')).next)
})

test('a task that cannot be is refused, and the push names file and line', async () => {
  await work.commit({
    'app.json': described([
      { command: 'true', schedule: 'sometimes' },
      { command: 'a | b', schedule: '@daily' },
    ]),
  })
  const { stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 1)
  assert.match(stderr, /app\.json:3: cron\[0\]\.schedule: "sometimes" is no schedule/)
  assert.match(stderr, /app\.json:4: cron\[1\]\.command: no shell reads it/)
  assert.match(failed(await ssh('cron:run', 'shop', 'nothing')), /no cron task/)
  assert.match(failed(await ssh('cron:set', 'shop', 'timezone', 'Mars/Base')), /is no time zone/)
  assert.match(failed(await ssh('cron:set', 'shop', 'mailto', 'a@example.com')), /nothing is mailed/)
})
