import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import * as z from 'zod'
import type { Answer } from '../e2e/harness/http.ts'
import { ask } from '../e2e/harness/http.ts'
import { ok } from '../e2e/harness/programs.ts'
import type { Rig } from './rig.ts'

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(schema)
const words = z.record(z.string(), z.string())
const counts = z.record(z.string(), z.number())

const release = z.object({
  id: z.number(),
  app_id: z.number(),
  version: z.number(),
  image: z.string(),
  config: json(words),
  formation: json(counts),
  manifest: json(z.object({ processes: z.record(z.string(), z.unknown()) })),
  revision: z.string().nullable(),
})
const build = z.object({ app_id: z.number(), number: z.number(), status: z.string(), version: z.number().nullable() })

const stored = z.object({
  integrity: z.string(),
  foreignKeys: z.number(),
  apps: z.array(
    z.object({ id: z.number(), name: z.string(), release_id: z.number().nullable(), restarts: z.number(), stopped: z.number() }),
  ),
  releases: z.array(release),
  builds: z.array(build),
  config: z.array(z.object({ app_id: z.number(), key: z.string(), value: z.string() })),
  addresses: z.array(z.object({ address: z.string(), container: z.string() })),
  /** Paths below the data directory, as far as they matter. */
  repositories: z.array(z.string()),
  heads: words,
  unfinished: z.array(z.string()),
  checkouts: z.array(z.string()),
  logs: z.array(z.string()),
})

export type Stored = z.infer<typeof stored>
export type StoredRelease = z.infer<typeof release>

/** Runs inside control: its database, read only, and what lies on its volume. */
const reader = `
const { DatabaseSync } = require('node:sqlite')
const { unseal } = require('/opt/dokku/lib/seal.ts')
const { readKeyring } = require('/opt/dokku/dokku/secrets/keyring.ts')
void (async () => {
const { keys } = await readKeyring('/var/lib/dokku', {})
const { readdirSync, readFileSync, existsSync } = require('node:fs')
const root = '/var/lib/dokku/'
const db = new DatabaseSync(root + 'dokku.sqlite', { readOnly: true, timeout: 2000 })
const opened = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, typeof value === 'string' ? unseal(value, keys) : value]))
const all = (sql) => db.prepare(sql).all().map(opened)
const list = (path) => existsSync(root + path) ? readdirSync(root + path) : []
const repositories = list('repositories')
const head = (name) => { try { return readFileSync(root + 'repositories/' + name + '/refs/heads/main', 'utf8').trim() } catch { return '' } }
const leftovers = (name) => list('repositories/' + name + '/objects').filter((one) => /^(tmp_|incoming-)/.test(one))
const locks = (name) => readdirSync(root + 'repositories/' + name, { recursive: true }).filter((one) => one.endsWith('.lock'))
process.stdout.write(JSON.stringify({
  integrity: all('PRAGMA integrity_check')[0].integrity_check,
  foreignKeys: all('PRAGMA foreign_key_check').length,
  apps: all('SELECT * FROM apps'), releases: all('SELECT * FROM releases ORDER BY version'), builds: all('SELECT * FROM builds ORDER BY number'),
  config: all('SELECT * FROM config'), addresses: all('SELECT * FROM addresses'),
  repositories, heads: Object.fromEntries(repositories.map((name) => [name, head(name)])),
  unfinished: repositories.flatMap((name) => [...leftovers(name), ...locks(name)].map((one) => name + '/' + one)),
  checkouts: list('builds'), logs: list('build-logs').flatMap((app) => list('build-logs/' + app).map((log) => app + '/' + log)),
}))
})()`

/** Everything that is true of an instance at a moment: as stored, as the engine has it, as it answers. */
export interface Truth {
  stored: Stored
  /** Of the label of the instance, inspected. */
  containers: ContainerInspectInfo[]
  networks: string[]
  /** NAME/APP:vN to image id. */
  tags: Map<string, string>
  dangling: string[]
  /** The word VERSION in an image, by its id. */
  versions: Map<string, string>
  /** What each name answers, asked several times. */
  answers: Map<string, Answer[]>
}

export async function readTruth(rig: Rig, formerNames: Iterable<string>): Promise<Truth> {
  const { instance, docker } = rig
  const label = [`dokku.instance=${instance.name}`]
  const said = ok(await instance.engine.docker(['exec', instance.name, 'node', '--no-warnings', '-e', reader]))
  const read = stored.parse(JSON.parse(said))
  const listed = await docker.listContainers({ all: true, filters: { label } })
  const containers = await Promise.all(listed.map(({ Id: id }) => docker.getContainer(id).inspect()))
  const images = await docker.listImages({ filters: { reference: [`${instance.name}/*`] } })
  const tags = images.flatMap(({ Id: id, RepoTags: names }) => (names ?? []).map((name) => [name, id] as const))
  const dangling = await docker.listImages({ filters: { dangling: ['true'], label } })
  const networks = await docker.listNetworks({ filters: JSON.stringify({ label }) })
  const ids = new Set(read.releases.map(({ image }) => image))
  const versions = await Promise.all([...ids].map(async (id) => [id, await rig.once(id, () => versionOf(docker, id))] as const))
  const names = new Set([...formerNames, ...read.apps.map(({ name }) => name)])
  const answers = await Promise.all([...names].map(async (name) => [name, await askSome(rig, name, webs(read, name) * 2 + 1)] as const))
  return {
    stored: read,
    containers,
    networks: networks.map(({ Name: name }) => name),
    tags: new Map(tags.filter(([name]) => /:v\d+$/.test(name))),
    dangling: dangling.map(({ Id: id }) => id),
    versions: new Map(versions),
    answers: new Map(answers),
  }
}

/** The release that an app serves, by what is stored. */
export function currentOf({ apps, releases }: Stored, id: number): StoredRelease | undefined {
  const app = apps.find((one) => one.id === id)
  return releases.find((one) => one.id === app?.release_id)
}

function webs(read: Stored, name: string): number {
  const app = read.apps.find((one) => one.name === name)
  return (app && currentOf(read, app.id)?.formation.web) ?? 0
}

async function askSome(rig: Rig, app: string, times: number): Promise<Answer[]> {
  const answers: Answer[] = []
  const silence = (error: Error): Answer => ({ status: 0, headers: {}, body: error.message })
  for (let n = 0; n < times; n++) answers.push(await ask({ ...rig.instance.target(app), timeoutMs: 5_000 }).catch(silence))
  return answers
}

async function versionOf(docker: Docker, id: string): Promise<string> {
  const { Config: config } = await docker.getImage(id).inspect()
  return config.Env?.find((one) => one.startsWith('VERSION='))?.slice('VERSION='.length) ?? ''
}
