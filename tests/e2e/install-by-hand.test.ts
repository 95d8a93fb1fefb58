import assert from 'node:assert/strict'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseWords } from '#lib/words.ts'
import { attempt, engine, failed, ok, type Plan, repo, startInstance, untilHealthy } from './harness.ts'

const root = join(import.meta.dirname, '../..')

/** The README's code block under a mark, as words. */
async function readme(mark: string): Promise<string[]> {
  const [, line] = new RegExp(`<!-- e2e: ${mark} -->\n\`\`\`\n(.*)\n`).exec(await readFile(join(root, 'README.md'), 'utf8')) ?? []
  assert.ok(line, `README.md has no block marked ${mark}`)
  return parseWords(line)
}

/** A line of the README for the instance under test: another name, other ports, the image just built. */
function adapted(words: readonly string[], { name, image, env }: Plan): string[] {
  const settings = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  return words
    .slice(0, -1)
    .map((word) => word.replace(/^dokku(?=$|:|-gateway:|-appliance:)/, name))
    .concat(settings, image)
}

test('the docker run line of the README starts an instance that takes a push', async () => {
  const [docker, ...words] = await readme('docker-run')
  assert.equal(docker, 'docker')
  const instance = await startInstance({
    suffix: 'by-hand',
    async start(plan) {
      ok(await plan.engine.docker(adapted(words, plan)))
      await untilHealthy(plan.engine, plan.name)
    },
  })
  const work = await repo('node-hello')
  try {
    const { stderr, exitCode } = await instance.push(work, 'hello')
    assert.equal(exitCode, 0, stderr)
    assert.equal((await instance.fetch('hello')).status, 200)
  } finally {
    await Promise.all([instance.remove(), work.remove()])
  }
})

test('compose.yaml starts an instance that takes a push', async () => {
  const [, docker, ...words] = await readme('compose')
  assert.equal(docker, 'docker')
  const instance = await startInstance({
    suffix: 'compose',
    async start({ name, image, engine: { docker: _ }, env, dir }) {
      await cp(join(root, 'compose.yaml'), join(dir, 'compose.yaml'))
      const all = { PATH: process.env.PATH ?? '', HOME: dir, ...env, DOKKU_IMAGE: image }
      ok(await attempt(['docker', ...words], { cwd: dir, env: all }))
      await untilHealthy(engine(), name)
    },
  })
  const work = await repo('node-hello')
  try {
    const { stderr, exitCode } = await instance.push(work, 'hello')
    assert.equal(exitCode, 0, stderr)
    assert.equal((await instance.fetch('hello')).status, 200)
  } finally {
    await Promise.all([instance.remove(), work.remove()])
  }
})

const greet = `import { command, group } from 'dokku'

const hello = command({
  name: 'greet:hello',
  summary: 'say hello',
  examples: ['greet:hello'],
  right: 'none',
  async run({ context }) {
    context.output.line('hello from a plugin')
  },
})

export default group('greet', 'Greetings', [hello])
`

test('an image made FROM ours with a plugin folder copied in has the command of the plugin', async () => {
  const host = engine()
  const variant = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-variant/dokku:greets`
  const ours = process.env.DOKKU_IMAGE ?? ''
  const files = {
    Dockerfile: `FROM ${ours}\nCOPY greet /opt/dokku/plugins/greet\n`,
    'greet/plugin.toml': '[plugin]\nname = "greet"\ndescription = "Greetings"\nversion = "1.0.0"\n',
    'greet/commands.ts': greet,
  }
  await host.build(variant, files, 'variant')
  const instance = await startInstance({ suffix: 'variant', image: variant })
  try {
    assert.equal(ok(await instance.ssh('greet:hello')), 'hello from a plugin\n')
    failed(await instance.ssh('greet:bye'))
    assert.match(ok(await instance.ssh('help')), /greet:hello +Greetings/)
  } finally {
    await instance.remove()
    await host.docker(['rmi', '--force', variant])
  }
})

test('the image carries its version and no CA of the machine that built it', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const ours = process.env.DOKKU_IMAGE ?? ''
  const label = '{{index .Config.Labels "org.opencontainers.image.version"}}'
  assert.equal(ok(await attempt(['docker', 'image', 'inspect', '--format', label, ours])).trim(), version)
  const search = `find / -xdev -name '*.ca.crt'; ls /usr/local/share/ca-certificates /etc/dokku`
  assert.deepEqual(
    ok(await attempt(['docker', 'run', '--rm', '--network', 'none', ours, 'sh', '-c', search]))
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith(':')),
    [],
  )
})
