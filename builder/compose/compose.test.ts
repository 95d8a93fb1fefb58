// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { writeTree } from '../conformance.ts'
import { checkCompose } from './check.ts'
import { buildFields, deployFields, serviceFields } from './fields.ts'
import { parseCompose, readCompose } from './file.ts'
import { planServices } from './plan.ts'

const read = (text: string, variables: Record<string, string> = {}, around = { envFiles: {}, defaults: {} }) => {
  const file = parseCompose('compose.yaml', text)
  const checked = checkCompose(file, (name) => variables[name])
  const { plans, warnings } = planServices(file, checked.services, around)
  return { plans, warnings: [...checked.warnings, ...warnings] }
}
const plan = (...given: Parameters<typeof read>) => read(...given).plans
/** One service of these lines. */
const web = (...lines: string[]) => ['services:', '  web:', '    image: app', ...lines.map((line) => `    ${line}`), ''].join('\n')
const refusal = (text: string): UserError => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error(`nothing was wrong with ${text}`)
}
const refused = (text: string, message: RegExp, code = 'bad-compose') => {
  const error = refusal(text)
  assert.match(error.message, message)
  assert.equal(error.code, code)
}

test('what is no YAML, or not one Compose file, is refused with its line', () => {
  refused('services:\n  web: [\n', /^compose\.yaml line [23]: /)
  refused('services:\n  web:\n\timage: a\n', /^compose\.yaml line 3: /)
  refused('services: {}\nservices: {}\n', /line 2: Map keys must be unique/)
  refused('services:\n  web:\n    ports: !reset []\n', /line 3: .*!reset/)
  refused('a: 1\n---\nb: 1\n', /line [23]: a second document/)
  refused('', /empty|no services/)
  for (const text of ['[]', 'version: "3"', 'services:', 'services: []', 'services: {}', 'services: 7']) refused(text, /no services/)
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...[...'bcdefghij'].map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at]},`.repeat(9)}]`),
  ]
  refused(bomb.join('\n'), /alias/i)
})

test('a file that would keep the parser busy, or take all of the stack, is refused soon', async () => {
  const deep = [
    '['.repeat(20_000),
    `${'['.repeat(3000)}${']'.repeat(3000)}`,
    Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
  ]
  for (const text of deep) refused(text, /nested too deeply/)
  refused(web(`user: "${'${A:-'.repeat(9000)}${'}'.repeat(9000)}"`), /line 4: services\.web\.user: .* is not a variable/)
  const begun = performance.now()
  const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}: `)
  refused(keys.join('\n'), /no services/)
  refused([...keys, 'k7: '].join('\n'), /line 20001: Map keys must be unique/)
  assert.ok(performance.now() - begun < 5000, 'it took longer than 5 s')
  await assert.rejects(readCompose(await writeTree({ 'compose.yaml': `#${'x'.repeat(128 * 1024)}` })), { code: 'file-too-large' })
})

test('what a service cannot be is refused with its line', () => {
  refused('services:\n  web:\n    image: a\n    ports: nine\n', /line 4: services\.web\.ports: /)
  refused('services:\n  web: 7\n', /line 2: services\.web: /)
  refused(web('deploy: { replicas: many }'), /line 4: services\.web\.deploy\.replicas: /)
  refused(web('scale: 1000'), /services\.web\.scale/)
  refused('services:\n  web:\n    command: x\n', /line 3: services\.web: it has neither image nor build/)
  refused(web('user: "a\\nRUN x"'), /services\.web\.user: .* is not understood/)
  refused(web('working_dir: /a b'), /services\.web\.working_dir/)
  refused(web('command: "sh -c \'x"'), /line 4: services\.web\.command: a single quote/)
  refused(web('environment: { A: "${" }'), /line 4: services\.web\.environment\.A: .* is not a variable/)
  refused(web('build: { network: host }'), /services\.web\.build\.network: the usual one, or none/, 'compose-unsupported')
  refused(web('ports: ["3000-3005"]'), /is not a port/)
  refused(web('ports: ["80:99999"]'), /is not a port/)
  refused(web('depends_on: [db]'), /line 4: services\.web\.depends_on: there is no service db/)
  for (const name of ['release', 'run', 'a.b', 'x y']) refused(`services:\n  ${name}:\n    image: a\n`, /line 3: services\./)
  refused('services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n', /services wait for each other: a, b, a/)
})

test('every field that changes what a service is, is named with its line and what to use instead', () => {
  const { code, message, hint } = refusal(
    [
      'include: [other.yaml]',
      'services:',
      '  web:',
      '    image: app',
      '    volumes: ["data:/data"]',
      '    build: { context: ., ssh: [default] }',
      '    networks: { default: { ipv4_address: 10.0.0.1 } }',
      '    privilegd: true',
      'networks: { front: { external: true } }',
    ].join('\n'),
  )
  assert.equal(code, 'compose-unsupported')
  assert.match(hint ?? '', /take these lines out/)
  const named = ['line 1: include:', 'line 9: networks.front.external:', 'line 5: services.web.volumes: a container keeps nothing']
  for (const one of [
    ...named,
    'line 6: services.web.build.ssh:',
    'line 7: services.web.networks.default.ipv4_address',
    'line 8: services.web.privilegd: did you mean privileged?',
  ])
    assert(message.includes(one), `${one} in ${message}`)
  refused(
    `${web('depends_on: { db: { condition: service_completed_successfully } }')}  db: { image: x }\n`,
    /do that work first/,
    'compose-unsupported',
  )
})

test('each refused field is refused, and each ignored one is named, unless it says nothing', () => {
  for (const [name, { refused: no, ignored }] of Object.entries({ '': serviceFields, build: buildFields, deploy: deployFields })) {
    const lines = (field: string, value: string) => (name === '' ? [`${field}: ${value}`] : [`${name}:`, `  ${field}: ${value}`])
    for (const field of Object.keys(no)) {
      refused(web(...lines(field, '[x]')), new RegExp(`services\\.web\\.(${name}\\.)?${field}: `), 'compose-unsupported')
      assert.doesNotMatch(read(web(...lines(field, '[]'))).warnings.join(), new RegExp(field))
    }
    for (const field of Object.keys(ignored))
      assert.match(read(web(...lines(field, 'x'))).warnings.join(), new RegExp(`${field} is not used: `))
  }
})

test('extension fields, anchors and merges are as in Compose', () => {
  const text =
    'x-base: &base\n  image: app\n  environment: { A: one }\nservices:\n  web:\n    <<: *base\n    x-note: 1\n    command: run it\n'
  const { plans, warnings } = read(text)
  assert.deepEqual(plans[0]?.spec.environment, { A: 'one' })
  assert.deepEqual(plans[0]?.instructions, ['CMD ["run","it"]'])
  assert.match(warnings.join(), /^no service publishes a port|^$/)
})

test('what begins with x- is left out where fields are, and kept where names are', () => {
  const { plans, warnings } = read(
    `x-top: $1\n${web('x-own: $1', 'environment: { x-name: one }', 'ports: [80]', 'deploy: { x-more: $1 }')}`,
  )
  assert.deepEqual([plans[0]?.spec.environment, warnings], [{ 'x-name': 'one' }, []])
  assert.deepEqual(plan('services: { x-app: { image: a } }')[0]?.name, 'x-app')
})

test('advice is in the words of the program through which people build', () => {
  const file = parseCompose('compose.yaml', web('dns: [10.0.0.1]', 'restart: always'))
  const advice = { memory: '', secret: () => '', instead: (field: string, usually: string) => `${field} by ${usually}` }
  assert.throws(() => checkCompose(file, () => undefined, advice), { message: /line 4: services\.web\.dns: dns by --dns ADDRESS/ })
  assert.throws(() => checkCompose(file, () => undefined), {
    message: /services\.web\.dns: its containers can have the option --dns ADDRESS/,
  })
})

test('web is the service of that name, else the only one that publishes ports', () => {
  const service = (name: string, ports?: string) => `  ${name}: { image: x${ports === undefined ? '' : `, ports: [${ports}]`} }\n`
  const processes = (...lines: string[]) => plan(`services:\n${lines.join('')}`).map(({ process, name }) => `${process}=${name}`)
  assert.deepEqual(processes(service('db', '5432'), service('web')), ['web=web', 'db=db'])
  assert.deepEqual(processes(service('db'), service('app', '"80:3000"')), ['web=app', 'db=db'])
  assert.deepEqual(processes(service('job')), ['job=job'])
  refused(`services:\n${service('a', '1')}${service('b', '2')}`, /line 3: services\.b\.ports: a and b both publish ports/)
  assert.match(read(`services:\n${service('job')}`).warnings.join(), /nothing is reached by a domain/)
  assert.match(
    read(`services:\n${service('web')}${service('db', '1')}`).warnings.join(),
    /line 3: db is reached by the app’s services only, as db/,
  )
})

test('the port is where a published one leads, else the first exposed', () => {
  const port = (...lines: string[]) => plan(web(...lines))[0]?.spec.port
  assert.equal(port('ports: ["127.0.0.1:80:3000/tcp"]', 'expose: [4000]'), 3000)
  assert.equal(port('ports: [{ target: 3000, published: 80 }]'), 3000)
  assert.equal(port('ports: ["53:53/udp", 3000]'), 3000)
  assert.equal(port('expose: ["4000"]'), 4000)
  assert.equal(port(), undefined)
  assert.deepEqual(plan(web('ports: [3000]', 'expose: [4000, 53/udp]'))[0]?.instructions, ['EXPOSE 3000 4000 53/udp'])
})

test('words are split, an entrypoint takes the command of the image away, and null leaves both', () => {
  const said = (...lines: string[]) => plan(web(...lines))[0]?.instructions
  assert.deepEqual(said('command: serve --name "a b"'), ['CMD ["serve","--name","a b"]'])
  assert.deepEqual(said('command: [serve, $$HOME, 7]'), ['CMD ["serve","$HOME","7"]'])
  assert.deepEqual(said('entrypoint: /entry'), ['ENTRYPOINT ["/entry"]', 'CMD []'])
  assert.deepEqual(said('entrypoint: []', 'command: x'), ['ENTRYPOINT []', 'CMD ["x"]'])
  assert.deepEqual(said('entrypoint:', 'command:'), [])
})

test('a command with variables waits for its container, and takes the other with it', () => {
  const { instructions, spec } = plan(web('entrypoint: /entry', 'command: ["--key", "${KEY}"]'))[0] ?? {}
  assert.deepEqual(instructions, [])
  assert.deepEqual([spec?.entrypoint, spec?.command], ['/entry', ['--key', '${KEY}']])
})

test('variables outside of containers come from the build, and one that is missing is named', () => {
  const text = 'services:\n  web: { image: "app:${TAG}", scale: "${N:-2}" }\n'
  assert.deepEqual([plan(text, { TAG: '3' })[0]?.image, plan(text)[0]?.spec.replicas], ['app:3', 2])
  assert.match(read(text).warnings.join(), /line 2: services\.web\.image: TAG is not set, and empty here$/)
  refused('services:\n  web: { image: "app:${TAG:?which}" }\n', /line 2: services\.web\.image: TAG is not set: which/)
})

test('services with profiles do not run until they are scaled', () => {
  assert.deepEqual(plan(web('profiles: [debug]'))[0]?.spec.replicas, 0)
  assert.deepEqual(plan(web('profiles: [debug]', 'deploy: { replicas: 3 }'))[0]?.spec.replicas, 3)
})

test('aliases of networks are names of the service, and depends_on has process types', () => {
  const text =
    'services:\n  app: { image: x, ports: [80], networks: { default: { aliases: [site] } } }\n  job: { image: x, depends_on: { app: { condition: service_healthy }, gone: { required: false } } }\n'
  const [app, job] = plan(text)
  assert.deepEqual([app?.spec.aliases, job?.spec.dependsOn], [['app', 'site'], ['web']])
})
