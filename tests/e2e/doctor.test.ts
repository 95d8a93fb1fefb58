import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, freePort, keyPair, ok, startInstance, versionImage } from './harness.ts'

interface Report {
  check: string
  findings: { level: string; text: string; hint?: string }[]
}

const instance = await startInstance({ suffix: 'doctor' })
const { admin, engine, name, ssh } = instance
const stranger = `${name}-stranger`
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
after(async () => {
  await engine.docker(['rm', '--force', stranger])
  await instance.remove()
})
ok(await ssh('git:from-image', 'shop', `${name}/fixture:latest`))

const found = async (check: string) => {
  const { stdout } = await ssh('doctor', check, '--format', 'json')
  const [report] = JSON.parse(stdout) as Report[]
  return report?.findings ?? []
}
const texts = async (check: string) => (await found(check)).map(({ level, text }) => `${level}: ${text}`).join('\n')

test('doctor finds nothing wrong with an instance that is well', async () => {
  for (const check of ['parts', 'drift', 'engine', 'dns', 'orphans', 'certificates', 'hooks'])
    assert.doesNotMatch(await texts(check), /^(wrong|unknown)/m, check)
  assert.match(ok(await ssh('doctor', 'parts')), /^parts +ok +state, SSH and appliance are up$/m)
  assert.match((await ssh('doctor')).stdout, /=====> \d+ wrong, \d+ to know of, \d+ as they should be/)
  failed(await ssh('doctor', 'everything'))
})

test('doctor finds a port that somebody published past the firewall, and a log without a limit', async () => {
  const port = await freePort()
  const run = ['run', '--detach', '--name', stranger, '--log-driver', 'json-file', '--publish', `${port}:5000`, '--entrypoint', 'sleep']
  ok(await engine.docker([...run, instance.image, '600']))
  assert.match(await texts('ports'), new RegExp(`warning: the container ${stranger} publishes port ${port} to everybody`))
  assert.match(await texts('logs'), new RegExp(`warning: the log of .*${stranger}`))
  ok(await engine.docker(['rm', '--force', stranger]))
  assert.doesNotMatch(await texts('ports'), new RegExp(stranger))
})

test('doctor finds what belongs to no app, and cleanup removes it', async () => {
  const labels = { 'dokku.instance': name, 'com.dokku.app-name': 'gone', 'dokku.app-id': '999', 'com.dokku.process-type': 'worker' }
  const network = `${name}-apps`
  const left = ['create', '--name', `${name}-gone.worker.1`, '--network', network].concat(
    Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
  )
  ok(await engine.docker([...left, `${name}/fixture:latest`]))
  const seen = await texts('orphans')
  ok(await ssh('cleanup'))
  assert.match(await texts('orphans'), /^ok/)
  assert.match(seen, /gone\.worker\.1|nothing is left over/)
})

test('doctor exits with 1 while a part is down, and says which', async () => {
  ok(await engine.docker(['pause', `${name}-ssh`]))
  try {
    assert.match(failed(await admin(['doctor', 'parts']), 1) + (await admin(['doctor', 'parts'])).stdout, /WRONG +ssh is down/)
  } finally {
    ok(await engine.docker(['unpause', `${name}-ssh`]))
  }
  await eventually(async () => ok(await ssh('doctor', 'parts')))
})

test('doctor is for admins', async () => {
  ok(await admin(['ssh-keys:add', 'bob', '--role', 'deployer'], { input: await keyPair(`${instance.dir}/bob`) }))
  assert.match(failed(await instance.sshLine('doctor', { key: `${instance.dir}/bob` })), /bob may not doctor/)
})

test('report has all that helps, and no secret wherever one was put', async () => {
  const secret = (where: string) => `s3cret-${where}`
  ok(await ssh('config:set', 'shop', `TOKEN=${secret('config')}`, `DATABASE_URL=postgres://u:${secret('url')}@db/x`))
  ok(await ssh('config:set', '--global', `SENTRY=${secret('global')}`))
  ok(await ssh('docker-options:add', 'shop', 'deploy,run', `--env OPTION=${secret('option')}`))
  ok(await instance.sshLine('git:auth git.example.com me', { input: `${secret('git')}\n` }))
  ok(await ssh('http-auth:enable', 'shop', 'eve', secret('http')))
  ok(await ssh('letsencrypt:set', 'shop', 'eab-key', secret('eab')))
  ok(await ssh('ps:restart', 'shop'))
  failed(await ssh('git:sync', 'shop', `https://me:${secret('remote')}@git.invalid/shop.git`))
  failed(await ssh('config:set', 'shop', `not a pair ${secret('typed')}`))
  const report = ok(await ssh('report'))
  for (const part of [
    /docker version: \d/,
    /^-----> doctor:/m,
    /=====> shop ps information/,
    /=====> shop containers\n +web\.1 v\d+ running/,
    /Log of control/,
  ])
    assert.match(report, part)
  assert.deepEqual(report.match(/s3cret-\w+/g) ?? [], [])
  assert.match(ok(await ssh('report', 'shop')), /TOKEN|shop/)
  const bobs = ok(await instance.sshLine('report shop', { key: `${instance.dir}/bob` }))
  assert.doesNotMatch(bobs, /Log of control|s3cret-/)
  ok(await ssh('http-auth:disable', 'shop'))
})
