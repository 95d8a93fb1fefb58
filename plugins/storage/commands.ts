import {
  app,
  boolean,
  changeOptions,
  checkVolumeName,
  chownVolume,
  command,
  confirm,
  ensureVolume,
  execInVolume,
  findVolume,
  format,
  group,
  listVolumes,
  type Mount,
  mountedBy,
  mountOptions,
  mountsOf,
  mountText,
  option,
  optional,
  parseMount,
  parseSource,
  removeVolume,
  reportCommand,
  rest,
  UserError,
  word,
} from 'dokku'
import { checkMount, parseOwner, volume } from './argument.ts'

const noRestart = boolean('leave it to the next release')
const containerDir = option('PATH', 'where it is in the container, behind a name alone', String)
const what = word('NAME:/path, or a folder and a path with a colon between', 'mount')

const mount = command({
  name: 'storage:mount',
  summary: 'keep what the containers of an app have at a path',
  description: 'A release of its own, unless --no-restart. The volume is made where there is none.',
  args: { app: app(), mount: what },
  flags: { 'container-dir': containerDir, 'no-restart': noRestart },
  examples: ['storage:mount node-js-app uploads:/app/uploads', 'storage:mount node-js-app uploads --container-dir /app/uploads'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const wanted = read(args.mount, flags['container-dir'])
    await checkMount(args.app, wanted, context)
    const there = mountsOf(args.app).find(({ target }) => target === wanted.target)
    if (there !== undefined)
      throw new UserError('already-mounted', `${mountText(there)} is at ${wanted.target} of ${args.app.name}`, {
        hint: `storage:unmount ${args.app.name} ${mountText(there)}`,
      })
    if (!wanted.source.startsWith('/')) await ensureVolume(context.instance, wanted.source, args.app)
    const change = { origin: 'storage', description: `Mount ${mountText(wanted)}`, noRestart: flags['no-restart'] } as const
    await changeOptions(args.app, { ...change, change: (before) => [...before, ...mountOptions(args.app, wanted)] }, context)
    context.output.step(`Mounted ${mountText(wanted)}`)
  },
})

const unmount = command({
  name: 'storage:unmount',
  summary: 'keep it no longer; the data stays in its volume',
  args: { app: app(), mount: what },
  flags: { 'container-dir': containerDir, 'no-restart': noRestart },
  examples: ['storage:unmount node-js-app uploads:/app/uploads'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const mounts = mountsOf(args.app)
    const bare = !args.mount.includes(':') && flags['container-dir'] === undefined
    const source = bare ? parseSource(args.mount) : undefined
    const wanted = source === undefined ? read(args.mount, flags['container-dir']) : undefined
    const gone = mounts.filter((one) => one.source === (source ?? wanted?.source) && (wanted === undefined || one.target === wanted.target))
    if (gone.length === 0)
      throw new UserError('not-mounted', `${args.app.name} mounts no ${args.mount}`, { hint: `storage:list ${args.app.name}` })
    const options = new Set(gone.flatMap((one) => mountOptions(args.app, one).map(({ option }) => option)))
    const change = { origin: 'storage', description: `Unmount ${gone.map(mountText).join(', ')}`, noRestart: flags['no-restart'] } as const
    await changeOptions(args.app, { ...change, change: (before) => before.filter((one) => !options.has(one.option)) }, context)
    context.output.step(`Unmounted ${gone.map(mountText).join(', ')}`)
  },
})

const list = command({
  name: 'storage:list',
  summary: 'list what the containers of an app mount',
  args: { app: app() },
  flags: { format },
  examples: ['storage:list node-js-app', 'storage:list node-js-app --format json'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context: { output, quiet } }) {
    const mounts = mountsOf(args.app)
    if (flags.format === 'json') {
      const rows = mounts.map(({ source, target, options }) => ({ host_path: source, container_path: target, volume_options: options }))
      return output.line(JSON.stringify(rows))
    }
    if (!quiet) output.step(`${args.app.name} volume bind-mounts:`)
    for (const one of mounts) output.detail(mountText(one))
  },
})

const ensure = command({
  name: 'storage:ensure-directory',
  summary: 'make a volume, as tutorials make a folder, for the user of an app’s image',
  args: { name: word('its name', 'directory') },
  flags: { chown: option('OWNER', 'herokuish, heroku, packeto, root, false, or USER:GROUP (herokuish)', parseOwner) },
  examples: ['storage:ensure-directory node-js-app', 'storage:ensure-directory --chown heroku node-js-app'],
  right: 'admin',

  async run({ args, flags, context: { instance, output } }) {
    const name = checkVolumeName(parseSource(args.name))
    const made = await ensureVolume(instance, name)
    const owner = flags.chown ?? parseOwner('herokuish')
    if (owner !== '') await chownVolume(instance, made, owner)
    output.step(`Ensured the volume ${name}: mount it by storage:mount APP ${name}:/path`)
  },
})

const create = command({
  name: 'storage:create',
  summary: 'make a volume',
  args: { name: word('its name', 'name') },
  flags: { chown: option('OWNER', 'as of storage:ensure-directory; else as the image has it', parseOwner) },
  examples: ['storage:create uploads', 'storage:create uploads --chown 1000:1000'],
  right: 'admin',

  async run({ args, flags, context: { instance, output } }) {
    const name = checkVolumeName(args.name)
    const made = await ensureVolume(instance, name)
    if (flags.chown) await chownVolume(instance, made, flags.chown)
    output.step(`Made the volume ${name}`)
  },
})

const destroy = command({
  name: 'storage:destroy',
  summary: 'destroy a volume with all that is in it',
  args: { name: volume },
  examples: ['storage:destroy uploads', '--force storage:destroy uploads'],
  right: 'admin',

  async run({ args, context }) {
    await findVolume(context.instance, args.name)
    await confirm(context, args.name, `destroy the volume ${args.name} with all that is in it`)
    await removeVolume(context.instance, args.name)
    context.output.step(`Destroyed the volume ${args.name}`)
  },
})

const info = command({
  name: 'storage:info',
  summary: 'show where a volume lies, and who mounts it',
  args: { name: volume },
  flags: { format },
  examples: ['storage:info uploads', 'storage:info uploads --format json'],
  right: 'admin',
  reads: () => true,

  async run({ args, flags, context: { instance, output } }) {
    const { name, volume, path, owner, createdAt } = await findVolume(instance, args.name)
    const fields = { name, volume, path, owner: owner?.name ?? '', createdAt, apps: mountedBy(instance, name).map((one) => one.name) }
    if (flags.format === 'json') return output.line(JSON.stringify(fields))
    output.result(`${name} storage information`)
    for (const [key, value] of Object.entries(fields)) output.detail(`${`${key}:`.padEnd(14)}${value}`.trimEnd())
  },
})

const entries = command({
  name: 'storage:list-entries',
  summary: 'list all volumes',
  args: {},
  flags: { format },
  examples: ['storage:list-entries', 'storage:list-entries --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context: { instance, output, quiet } }) {
    const found = await listVolumes(instance)
    const rows = found.map(({ name, owner }) => ({
      name,
      owner: owner?.name ?? '',
      apps: mountedBy(instance, name).map((one) => one.name),
    }))
    if (flags.format === 'json') return output.line(JSON.stringify(rows))
    if (!quiet) output.result('Volumes')
    for (const { name, apps } of rows) output.line(`${name.padEnd(30)} ${apps.join(', ')}`.trimEnd())
  },
})

const exec = command({
  name: 'storage:exec',
  summary: 'run a program in a volume, with your terminal or input: a shell unless you name one',
  description:
    'It runs as root in a container of its own, in the folder /volume, without a network. Whatever it prints or reads goes through ssh.',
  args: { name: volume, words: optional(rest('COMMAND', String, { secret: true })) },
  passthrough: true,
  examples: ['storage:exec uploads', 'storage:exec uploads ls -l', 'storage:exec uploads tar -c . > uploads.tar'],
  right: 'admin',

  async run({ args, context }) {
    const found = await findVolume(context.instance, args.name)
    return await execInVolume(found, args.words.length === 0 ? ['sh'] : args.words, context)
  },
})

const report = command(
  reportCommand('storage', {
    'storage-build-mounts': () => '',
    'storage-deploy-mounts': (one) => mountsOf(one).map(mountText).join(' '),
    'storage-run-mounts': (one) => mountsOf(one).map(mountText).join(' '),
  }),
)

function read(text: string, dir: string | undefined): Mount {
  return parseMount(dir === undefined ? text : `${text}:${dir}`)
}

export default group('storage', 'Keep what containers write', [mount, unmount, list, ensure, create, destroy, info, entries, exec, report])
