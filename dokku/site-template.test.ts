import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Output } from '#lib/output.ts'
import { type App, maybeApp } from './app.ts'
import { stateOnly } from './fixtures.ts'
import { plainManifest } from './manifest.ts'
import { commitRelease, draftRelease } from './release.ts'
import { keepFront } from './site-front.ts'
import { readTemplate, templateOf, withTemplate } from './site-template.ts'

const whole = await readFile(join(import.meta.dirname, 'site-template.fixture.sigil'), 'utf8')

function shop(settings: Record<string, string> = {}): App {
  const instance = stateOnly({ DOKKU_HOSTNAME: 'dokku.test' })
  instance.db.run("INSERT INTO apps (name, created_at) VALUES ('shop', '')")
  const app = maybeApp(instance, 'shop') as App
  for (const [name, value] of Object.entries(settings)) app.properties.set(`nginx ${name}`, value)
  app.config.set({ COLOUR: 'green', NODE_OPTIONS: '--import data:text/javascript,process.exit(7)' })
  return app
}

const allowed = { 'allow-raw-config': 'true' }

/** What a deploy of a template does, and says. */
async function deployed(app: App, text: string): Promise<string[]> {
  const dir = await mkdtemp(`${tmpdir()}/template-`)
  const said: string[] = []
  try {
    await writeFile(join(dir, 'nginx.conf.sigil'), text)
    const output = { warn: (line: string) => said.push(line) } as unknown as Output
    const manifest = await readTemplate(app, dir, plainManifest, output)
    commitRelease(app, draftRelease(app, { description: 'x', by: 'x', image: 'x', manifest }))
    return said
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('a template is kept with its release, and is ignored with a hint until an admin allows it', async () => {
  const app = shop()
  assert.deepEqual(await deployed(app, whole), [
    'nginx.conf.sigil is ignored: an admin may allow it by nginx:set shop allow-raw-config true',
  ])
  assert.deepEqual(await templateOf(app), { left: [] })
  app.properties.set('nginx allow-raw-config', 'true')
  const { text, left } = await templateOf(app)
  assert.deepEqual(left, [])
  assert.match(text?.text ?? '', /server_name shop\.dokku\.test;/)
  assert.match(text?.text ?? '', /add_header X-Template green always;/)
  assert.match(text?.text ?? '', /listen {6}\[::\]:80;/)
  assert.match(text?.text ?? '', /upstream shop-5000 \{\s+server 0\.0\.0\.1;\n {2}balancer_by_lua_block/)
  assert.deepEqual(withTemplate(app, undefined, text), { folders: ['/home/dokku/shop'], inside: [], beside: [text], files: [] })
  app.properties.set('nginx disable-custom-config', 'true')
  assert.deepEqual(await templateOf(app), { left: [] })
})

test('a template is set aside while something stands in front of its app', async () => {
  const app = shop(allowed)
  await deployed(app, whole)
  keepFront(app, 'maintenance', { enabled: true })
  assert.deepEqual(await templateOf(app), { left: ['nginx.conf.sigil is set aside while the app has maintenance'] })
})

test('a template that names what there is not, reads files, or is for others fails the deploy', async () => {
  const app = shop(allowed)
  const fails = async (text: string, message: RegExp) => assert.rejects(deployed(app, text), { code: 'bad-template', message })
  await fails('{{ $.NO_SUCH }}', /nginx\.conf\.sigil:1: there is no variable NO_SUCH/)
  await fails('a\n{{ if false }}{{ httpget "x" }}{{ end }}', /nginx\.conf\.sigil:2: there is no function httpget/)
  await fails('{{ file "/etc/shadow" }}', /there is no function file/)
  await fails(
    'server { listen 80; server_name {{ $.NOSSL_SERVER_NAME }}; include /etc/shadow; }',
    /filled in, line 1: "\/etc\/shadow" is not a file/,
  )
  await fails('{{ range seq 1000000000 }}x{{ end }}', /too long|too much/)
  await fails('x'.repeat(70_000), /64000 bytes at most/)
})

test('a template that is a link is refused', async () => {
  const dir = await mkdtemp(`${tmpdir()}/template-`)
  await symlink('/etc/shadow', join(dir, 'nginx.conf.sigil'))
  await assert.rejects(readTemplate(shop(allowed), dir, plainManifest, {} as Output), { code: 'bad-template' })
  await rm(dir, { recursive: true })
})
