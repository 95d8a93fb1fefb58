import { isDeepStrictEqual } from 'node:util'
import { currentOf, type Truth } from './truth.ts'

/** Something that must hold whenever nothing is under way; its sentence, and how it is broken. */
export interface Invariant {
  says: string
  broken(truth: Truth, instance: string): string[]
}

const appOf = (labels: Record<string, string>) => Number(labels['dokku.app-id'])
const isDeployed = (labels: Record<string, string>) => labels['com.dokku.container-type'] === 'deploy'
const differ = (what: string, found: Iterable<string>, wanted: Iterable<string>) => {
  const [is, should] = [[...found].sort(), [...wanted].sort()]
  return isDeepStrictEqual(is, should) ? [] : [`${what}: ${is.join(', ') || 'nothing'} instead of ${should.join(', ') || 'nothing'}`]
}

/** The containers that the stored releases ask for: their names, as the engine should have them. */
function wantedNames({ stored }: Truth, instance: string): string[] {
  return stored.apps.flatMap(({ id, name, stopped }) => {
    const release = stopped ? undefined : currentOf(stored, id)
    return Object.entries(release?.formation ?? {}).flatMap(([process, count]) =>
      process in (release?.manifest.processes ?? {})
        ? Array.from({ length: count }, (_, n) => `${instance}-${name}.${process}.${n + 1}`)
        : [],
    )
  })
}

export const invariants: readonly Invariant[] = [
  {
    says: 'the database is whole',
    broken: ({ stored }) => [
      ...differ('integrity', [stored.integrity], ['ok']),
      ...(stored.foreignKeys === 0 ? [] : [`${stored.foreignKeys} rows refer to nothing`]),
    ],
  },
  {
    says: 'the containers of apps are exactly those that the current releases ask for, under their names, and they run',
    broken: ({ containers, ...truth }, instance) => {
      const ours = containers.filter(({ Config: { Labels: labels } }) => 'com.dokku.app-name' in labels)
      const shown = ours.map(({ Name: name, State: state }) => `${name.slice(1)}${state.Status === 'running' ? '' : ` (${state.Status})`}`)
      return differ('containers', shown, wantedNames({ containers, ...truth }, instance))
    },
  },
  {
    says: 'a container has the image, the config and the restart policy of its app’s current release',
    broken: ({ containers, stored }) =>
      containers
        .filter(({ Config: { Labels: labels } }) => isDeployed(labels))
        .flatMap(({ Name: name, Image: image, Config: { Env: env, Labels: labels }, HostConfig: host }) => {
          const release = currentOf(stored, appOf(labels))
          if (release === undefined) return []
          const missing = Object.entries(release.config).filter(([key, value]) => !env.includes(`${key}=${value}`))
          const extra = env.some((one) => one.startsWith('WORD=')) && !('WORD' in release.config)
          return [
            ...(image === release.image ? [] : [`${name} runs ${image}, not ${release.image} of v${release.version}`]),
            ...(missing.length === 0 && !extra ? [] : [`${name} has not the config of v${release.version}: ${missing.join(' ')}`]),
            ...(host.RestartPolicy?.Name === 'on-failure' ? [] : [`${name} is not started again: ${JSON.stringify(host.RestartPolicy)}`]),
          ]
        }),
  },
  {
    says: 'an app answers with its current release, from each of its web containers; one that is stopped or gone does not',
    broken: ({ answers, stored, versions }) =>
      [...answers].flatMap(([name, given]) => {
        const app = stored.apps.find((one) => one.name === name)
        const release = app === undefined || app.stopped ? undefined : currentOf(stored, app.id)
        const webs = 'web' in (release?.manifest.processes ?? {}) ? (release?.formation.web ?? 0) : 0
        if (release === undefined || webs === 0)
          return given.filter(({ status }) => status === 200).map(({ body }) => `${name} should be silent but said ${body}`)
        const start = `${versions.get(release.image)} ${release.config.WORD ?? ''} `
        const dynos = Array.from({ length: webs }, (_, n) => `${start}web.${n + 1}`)
        return differ(
          `${name} v${release.version} answered`,
          new Set(given.map(({ status, body }) => (status === 200 ? body : `HTTP ${status}`))),
          dynos,
        )
      }),
  },
  {
    says: 'an address is leased to exactly the containers there are',
    broken: ({ containers, stored }) =>
      differ(
        'leases',
        stored.addresses.map(({ address }) => address),
        containers.flatMap(({ Config: { Labels: labels } }) => labels['dokku.address'] || []),
      ),
  },
  {
    says: 'the tags of images are exactly those of the listed releases',
    broken: ({ stored, tags }, instance) =>
      differ(
        'tags',
        [...tags].map(([tag, image]) => `${tag} ${image.slice(7, 19)}`),
        stored.releases.map(({ app_id: id, version, image }) => {
          const app = stored.apps.find((one) => one.id === id)
          return `${instance}/${app?.name}:v${version} ${image.slice(7, 19)}`
        }),
      ),
  },
  { says: 'no image of ours is left without a tag', broken: ({ dangling }) => differ('images without a tag', dangling, []) },
  {
    says: 'there is one network of ours',
    broken: ({ networks }, instance) => networks.filter((name) => name !== `${instance}-apps`).map((name) => `network ${name} is left`),
  },
  {
    says: 'there is one repository for each app, and nothing unfinished in it',
    broken: ({ stored }) => [
      ...differ(
        'repositories',
        stored.repositories,
        stored.apps.map(({ id }) => `${id}.git`),
      ),
      ...differ('unfinished', stored.unfinished, []),
    ],
  },
  { says: 'no checkout is left', broken: ({ stored }) => differ('checkouts', stored.checkouts, []) },
  {
    says: 'every build has ended, one that succeeded with a release, and there is one log for each',
    broken: ({ stored }) => [
      ...stored.builds
        .filter(
          ({ status, version }) =>
            !['succeeded', 'failed', 'cancelled', 'interrupted'].includes(status) || (status === 'succeeded') !== (version !== null),
        )
        .map(({ number, status, version }) => `build ${number} is ${status} with v${version}`),
      ...differ(
        'logs',
        stored.logs,
        stored.builds.map(({ app_id: app, number }) => `${app}/${number}.log`),
      ),
    ],
  },
  {
    says: 'control, gateway and appliance run, and nothing else that is no app’s',
    broken: ({ containers }, instance) =>
      differ(
        'roles',
        containers
          .filter(({ Config: { Labels: labels } }) => !('com.dokku.app-name' in labels))
          .map(({ Name: name, State: { Status: status } }) => `${name.slice(1)} ${status}`),
        ['', '-ssh', '-nginx'].map((role) => `${instance}${role} running`),
      ),
  },
]

/** Every sentence that does not hold, with what is wrong. */
export function brokenOf(truth: Truth, instance: string): string[] {
  return invariants.flatMap(({ says, broken }) => broken(truth, instance).map((how) => `${says} — ${how}`))
}
