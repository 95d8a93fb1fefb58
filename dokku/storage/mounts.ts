import { UserError } from '#lib/errors.ts'
import { parseWords } from '#lib/words.ts'
import type { App } from '../app.ts'
import { type DockerOption, optionsBy } from '../docker-options.ts'
import { flagText } from '../parse-flags.ts'

/** What an app's containers see at a path: a volume of dokku's, by its name, or a path of the host. */
export interface Mount {
  /** The name of a volume, or an absolute path. */
  source: string
  /** Where it is in the container. */
  target: string
  /** With commas between: ro, rw, nocopy. */
  options: string
}

/** Where tutorials have their folders: what is below names a volume. */
export const storageRoot = '/var/lib/dokku/data/storage/'

/** Reads `SOURCE:TARGET[:OPTIONS]`; a folder below Dokku's data/storage is the volume of its name. UserError `bad-mount`. */
export function parseMount(text: string): Mount {
  const [source = '', target = '', options = '', ...more] = text.split(':')
  if (more.length > 0 || target === '') throw bad(`${JSON.stringify(text.slice(0, 80))} is not SOURCE:TARGET`)
  return { source: parseSource(source), target: parseTarget(target), options: parseOptions(options) }
}

/** The name of a volume, or a path of the host in its shortest form. */
export function parseSource(text: string): string {
  const path = text.startsWith(storageRoot) ? text.slice(storageRoot.length).replace(/\/+$/, '').replaceAll('/', '.') : text
  return path.startsWith('/') ? parsePath(path, 'a path of the host') : checkVolumeName(path)
}

/** The one grammar of names of volumes. UserError `bad-volume-name`. */
export function checkVolumeName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name) && !name.includes('..')) return name
  throw new UserError('bad-volume-name', `${JSON.stringify(name.slice(0, 60))} is not the name of a volume`, {
    hint: 'letters, digits, dashes, dots and underscores, at most 63 of them',
  })
}

function parseTarget(text: string): string {
  const path = parsePath(text, 'a path in the container')
  if (/^\/(proc|sys|dev)?(\/|$)/.test(path) && !path.startsWith('/dev/shm/'))
    throw bad(`${path} of a container is what it is made of: nothing can be there instead`)
  return path
}

function parsePath(text: string, what: string): string {
  const path = text.replace(/(?<=.)\/+$/, '')
  if (
    /^\/[\w./@+ -]*$/.test(path) &&
    path.length <= 400 &&
    !path.split('/').some((part) => part === '..' || part === '.') &&
    !path.includes('//')
  )
    return path
  throw bad(`${JSON.stringify(text.slice(0, 80))} is not ${what}`)
}

function parseOptions(text: string): string {
  const words = text.split(',').filter((word) => word !== '')
  const wrong = words.find((word) => !['ro', 'rw', 'nocopy'].includes(word))
  if (wrong !== undefined) throw bad(`${JSON.stringify(wrong.slice(0, 20))} is no option of a mount: ro, rw, nocopy are`)
  return words.join(',')
}

/** `SOURCE:TARGET[:OPTIONS]`, as it was typed. */
export function mountText({ source, target, options }: Mount): string {
  return [source, target, ...(options === '' ? [] : [options])].join(':')
}

/** What is mounted in the containers of an app, deployed ones and those of one-off commands. */
export function mountsOf(app: App): Mount[] {
  return optionsBy(app, 'storage')
    .filter(({ phase }) => phase === 'deploy')
    .map(({ option }) => {
      const [source = '', target = '', options = ''] = (parseWords(option)[1] ?? '').split(':')
      return { source: named(app, source), target, options }
    })
}

/** The options of docker run that a mount is. */
export function mountOptions(app: App, mount: Mount): DockerOption[] {
  const value = mountText({
    ...mount,
    source: mount.source.startsWith('/') ? mount.source : volumeOf(app.instance.settings.name, mount.source),
  })
  return (['deploy', 'run'] as const).map((phase) => ({ phase, process: '', option: flagText({ name: 'volume', value }) }))
}

/** What the engine calls a volume. */
export function volumeOf(instance: string, name: string): string {
  return `${instance}-storage-${name}`
}

function named({ instance }: App, source: string): string {
  const prefix = volumeOf(instance.settings.name, '')
  return source.startsWith(prefix) ? source.slice(prefix.length) : source
}

function bad(message: string): UserError {
  return new UserError('bad-mount', message, { hint: 'storage:mount APP NAME:/data, or /var/lib/dokku/data/storage/NAME:/data' })
}
